package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
)

// DefaultMetricsListen is where metrics are served unless understudy.metrics.listen says otherwise: upstream's usual port,
// on the loopback only, because metrics tell more than strangers should know.
const DefaultMetricsListen = "127.0.0.1:9464"

// NewMetrics makes the registry that everything is counted in, with the process, the Go runtime and the build in it.
func NewMetrics() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
	)
	return reg
}

// MetricsConfig is understudy.metrics.
type MetricsConfig struct {
	// Listen is the address; "" turns the server off.
	Listen string
	// Explicit is false where the address is the default, which another process of ours may hold already.
	Explicit bool
}

// LoadMetricsConfig reads understudy.metrics.listen: "port", ":port", "host:port", or false.
func LoadMetricsConfig(c *config.Config) (MetricsConfig, error) {
	const key = "understudy.metrics.listen"
	switch v := c.Value(key).(type) {
	case nil:
		return MetricsConfig{Listen: DefaultMetricsListen}, nil
	case bool:
		if !v {
			return MetricsConfig{Explicit: true}, nil
		}
		return MetricsConfig{Listen: DefaultMetricsListen, Explicit: true}, nil
	case string, float64:
		address, err := router.ParseListen(fmt.Sprint(v))
		if err != nil {
			return MetricsConfig{}, c.Errorf(key, "", "%s", err)
		}
		return MetricsConfig{Listen: loopback(address), Explicit: true}, nil
	default:
		return MetricsConfig{}, c.Errorf(key, "write port, host:port or false", "must be an address")
	}
}

// loopback keeps an address that names no host on this machine.
func loopback(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" {
		return address
	}
	return net.JoinHostPort("127.0.0.1", port)
}

// MetricsServer serves /metrics on a listener of its own, away from the requests it counts.
type MetricsServer struct {
	cfg      MetricsConfig
	gatherer prometheus.Gatherer
	log      *slog.Logger
	listener net.Listener
}

// NewMetricsServer makes a server; Listen and Run bring it up.
func NewMetricsServer(cfg MetricsConfig, gatherer prometheus.Gatherer, log *slog.Logger) *MetricsServer {
	return &MetricsServer{cfg: cfg, gatherer: gatherer, log: log}
}

// Listen opens the listener, so that a taken address is known at once. Where the address is only the default, somebody
// else on it is worth a warning, no more. It returns nil when metrics are not served.
func (m *MetricsServer) Listen(ctx context.Context) (net.Addr, error) {
	if m.cfg.Listen == "" || m.listener != nil {
		return m.addr(), nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", m.cfg.Listen)
	if err == nil {
		m.listener = l
		return l.Addr(), nil
	}
	err = router.ExplainListen(m.cfg.Listen, "understudy.metrics.listen", err)
	if m.cfg.Explicit {
		return nil, err
	}
	m.log.WarnContext(ctx, "metrics are not served", "err", err)
	return nil, nil
}

func (m *MetricsServer) addr() net.Addr {
	if m.listener == nil {
		return nil
	}
	return m.listener.Addr()
}

// Run serves until ctx ends, and returns nil then. Without a listener it only waits.
func (m *MetricsServer) Run(ctx context.Context) error {
	if _, err := m.Listen(ctx); err != nil {
		return err
	}
	if m.listener == nil {
		<-ctx.Done()
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.gatherer, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(m.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve metrics on %s: %w", m.cfg.Listen, err)
	}
	return nil
}
