package router_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/router"
)

func TestRequestLog(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 3, 18, 31, 123e6, time.UTC)
	rt := start(t, router.Config{}, router.Options{Now: func() time.Time { return at }}, func(rt *router.Router) {
		p := plugin(t, rt, "catalog")
		p.Handle("GET /x", func(w http.ResponseWriter, r *http.Request) error {
			return router.WriteRawJSON(w, r, http.StatusOK, []byte(`{"a":1}`))
		})
		p.Handle("GET /y", func(w http.ResponseWriter, _ *http.Request) error { _, err := io.WriteString(w, "four"); return err })
	})
	rt.get("/API/catalog/x?q=%20", `User-Agent: te"st`, "Referer: http://app/", "X-Request-Id: id1")
	rt.get("/api/catalog/y", "User-Agent: ", "X-Request-Id: id2")
	rt.get("/nope", "User-Agent: ", "X-Request-Id: id3")
	want := []map[string]any{
		{
			"level": "info", "service": "rootHttpRouter", "type": "incomingRequest", "requestId": "id1", "date": "2026-11-22T03:18:31.123Z",
			"message": `[2026-11-22T03:18:31.123Z] "GET /API/catalog/x?q=%20 HTTP/1.1" 200 7 "http://app/" "te"st"`,
			"method":  "GET", "url": "/API/catalog/x?q=%20", "status": 200.0, "httpVersion": "1.1", "userAgent": `te"st`, "contentLength": 7.0, "referrer": "http://app/",
		},
		{
			"level": "info", "service": "rootHttpRouter", "type": "incomingRequest", "requestId": "id2", "date": "2026-11-22T03:18:31.123Z",
			"message": `[2026-11-22T03:18:31.123Z] "GET /api/catalog/y HTTP/1.1" 200 4 "-" "-"`,
			"method":  "GET", "url": "/api/catalog/y", "status": 200.0, "httpVersion": "1.1", "contentLength": 4.0,
		},
		{
			"level": "info", "service": "rootHttpRouter", "type": "incomingRequest", "requestId": "id3", "date": "2026-11-22T03:18:31.123Z",
			"message": `[2026-11-22T03:18:31.123Z] "GET /nope HTTP/1.1" 404 0 "-" "-"`,
			"method":  "GET", "url": "/nope", "status": 404.0, "httpVersion": "1.1",
		},
	}
	if err := rt.rt.Shutdown(t.Context()); err != nil { // the last line follows its answer
		t.Fatal(err)
	}
	got := rt.logs.requests(t)
	for _, line := range got {
		delete(line, "timestamp")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	entered, release := make(chan struct{}), make(chan struct{})
	f := start(t, router.Config{}, router.Options{Metrics: reg}, func(rt *router.Router) {
		p := plugin(t, rt, "catalog")
		p.Handle("/x", ok)
		p.Handle("/wait", func(http.ResponseWriter, *http.Request) error { close(entered); <-release; return nil })
	})
	done := make(chan struct{})
	go func() { defer close(done); f.get("/api/catalog/wait") }()
	<-entered
	if n, err := testutil.GatherAndCount(reg, "http_server_active_requests"); n != 1 || err != nil {
		t.Error(n, err)
	}
	if err := testutil.GatherAndCompare(reg, strings.NewReader("# HELP http_server_active_requests Requests being answered.\n# TYPE http_server_active_requests gauge\nhttp_server_active_requests 1\n"), "http_server_active_requests"); err != nil {
		t.Error(err)
	}
	close(release)
	<-done
	for _, method := range []string{"GET", "GET", "POST", "BREW", "PROPFIND"} {
		f.do(method, "/api/catalog/x", "")
	}
	f.get("/made/up/by/a/caller")
	f.get("/api/made-up/x")
	if err := f.rt.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, family := range families {
		if family.GetName() != "http_server_request_duration_seconds" {
			continue
		}
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			got[strings.Join(labels, ",")] = m.GetHistogram().GetSampleCount()
		}
	}
	want := map[string]uint64{
		"method=GET,plugin=catalog,status=2xx": 3, "method=POST,plugin=catalog,status=2xx": 1, "method=OTHER,plugin=catalog,status=2xx": 2, "method=GET,plugin=,status=4xx": 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := router.New(router.Config{}, router.Options{Metrics: reg}); err == nil {
		t.Error("metrics registered twice")
	}
}

func TestRequestInfo(t *testing.T) {
	t.Parallel()
	if _, known := router.RequestInfo(context.Background()); known || router.RequestID(context.Background()) != "" || router.Draining(context.Background()) != nil {
		t.Error("there is no request here")
	}
	trust, err := router.ParseTrustProxy([]string{"loopback"})
	if err != nil {
		t.Fatal(err)
	}
	var got router.Info
	f := start(t, router.Config{TrustProxy: trust}, router.Options{}, func(rt *router.Router) {
		plugin(t, rt, "catalog").Handle("POST /x", func(_ http.ResponseWriter, r *http.Request) error {
			got, _ = router.RequestInfo(context.WithoutCancel(r.Context()))
			if ip := router.ClientIP(r); ip != got.ClientIP {
				t.Errorf("two addresses: %s, %s", ip, got.ClientIP)
			}
			return nil
		})
	})
	f.do(http.MethodPost, "/api/catalog/x?y", "", "X-Request-Id: id", "User-Agent: me", "X-Forwarded-For: 10.1.1.1, 192.0.2.7")
	want := router.Info{ID: "id", Plugin: "catalog", Method: "POST", URL: "/api/catalog/x?y", ClientIP: netip.MustParseAddr("192.0.2.7"), Host: strings.TrimPrefix(f.url, "http://"), UserAgent: "me"}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}
