package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestMetricsServer(t *testing.T) {
	t.Parallel()
	reg := telemetry.NewMetrics()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "understudy_test_total", Help: "x"})
	reg.MustRegister(counter)
	counter.Inc()
	var logged bytes.Buffer
	log := telemetry.NewLogger(&logged, telemetry.LogOptions{})
	server := telemetry.NewMetricsServer(telemetry.MetricsConfig{Listen: "127.0.0.1:0", Explicit: true}, reg, log)
	addr, err := server.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	res, err := client.Get("http://" + addr.String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	for _, want := range []string{"understudy_test_total 1", "go_goroutines", "process_", "go_build_info"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s", want)
		}
	}
	if res, err = client.Get("http://" + addr.String() + "/other"); err != nil || res.StatusCode != 404 {
		t.Errorf("%v %v", res, err)
	}
	_ = res.Body.Close()

	// The same address again: an error where it was asked for, a warning where it is only the default.
	taken := telemetry.NewMetricsServer(telemetry.MetricsConfig{Listen: addr.String(), Explicit: true}, reg, log)
	want := "listen on " + addr.String() + ": address already in use; stop the other process or change understudy.metrics.listen"
	if err := taken.Run(ctx); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	fallback := telemetry.NewMetricsServer(telemetry.MetricsConfig{Listen: addr.String()}, reg, log)
	if a, err := fallback.Listen(ctx); a != nil || err != nil || !strings.Contains(logged.String(), "metrics are not served") {
		t.Errorf("%v %v %s", a, err, logged.String())
	}
	off := telemetry.NewMetricsServer(telemetry.MetricsConfig{Explicit: true}, reg, log)
	go func() { done <- off.Run(ctx) }()
	transport.CloseIdleConnections()
	cancel()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if conn, err := net.Dial("tcp", addr.String()); err == nil {
		_ = conn.Close()
		t.Error("the listener is still open")
	}
}

func TestLoadMetricsConfig(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]telemetry.MetricsConfig{
		"app: {}": {Listen: "127.0.0.1:9464"},
		"understudy: { metrics: { listen: 9000 } }":           {Listen: "127.0.0.1:9000", Explicit: true},
		"understudy: { metrics: { listen: ':9000' } }":        {Listen: "127.0.0.1:9000", Explicit: true},
		"understudy: { metrics: { listen: '0.0.0.0:9000' } }": {Listen: "0.0.0.0:9000", Explicit: true},
		"understudy: { metrics: { listen: false } }":          {Explicit: true},
		"understudy: { metrics: { listen: true } }":           {Listen: "127.0.0.1:9464", Explicit: true},
	} {
		if got, err := telemetry.LoadMetricsConfig(mustConfig(t, text)); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"understudy: { metrics: { listen: nowhere } }", "understudy: { metrics: { listen: [1] } }"} {
		if _, err := telemetry.LoadMetricsConfig(mustConfig(t, text)); err == nil || !strings.Contains(err.Error(), "app-config.yaml:1: understudy.metrics.listen: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
