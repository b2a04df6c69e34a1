package router_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// entityBody is about what one entity weighs.
var entityBody = append(append([]byte(`{"metadata":{"name":"`), bytes.Repeat([]byte("x"), 900)...), `"}}`...)

const entityPath = "/api/catalog/entities/by-name/component/default/svc-api"

// passGate lets everyone in, so that what is measured is the router.
type passGate struct{}

func (passGate) Authenticate(r *http.Request, _ string, _ router.Level) (*http.Request, error) {
	return r.WithContext(context.WithValue(r.Context(), passGate{}, true)), nil
}

func bare(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(entityBody)
}

func benchRouter(b *testing.B, log *slog.Logger) http.Handler {
	b.Helper()
	rt, err := router.New(router.Config{}, router.Options{Gate: passGate{}, Metrics: prometheus.NewRegistry(), Log: log})
	if err != nil {
		b.Fatal(err)
	}
	routes, err := rt.Plugin("catalog")
	if err != nil {
		b.Fatal(err)
	}
	routes.Handle("GET /entities/by-uid/{uid}", func(http.ResponseWriter, *http.Request) error { return nil })
	routes.Handle("GET /entities/by-name/{kind}/{namespace}/{name}", func(w http.ResponseWriter, r *http.Request) error {
		return router.WriteRawJSON(w, r, http.StatusOK, entityBody)
	})
	routes.Initialized()
	return rt
}

func logger() *slog.Logger {
	return telemetry.NewLogger(io.Discard, telemetry.LogOptions{Redact: []string{"golden-static-token-0123456789", "another-secret", "p4ssw0rd"}})
}

// BenchmarkHandler is the CPU of one request without the network.
func BenchmarkHandler(b *testing.B) {
	for name, h := range map[string]http.Handler{
		"bare":          http.HandlerFunc(bare),
		"router":        benchRouter(b, logger()),
		"router/no-log": benchRouter(b, nil),
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest(http.MethodGet, entityPath, nil)
			r.Header.Set("User-Agent", "bench/1.0")
			r.Header.Set("Authorization", "Bearer golden-static-token-0123456789")
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

// BenchmarkServer is one request over kept connections; the goal is 60 % of a bare handler's throughput, all told.
func BenchmarkServer(b *testing.B) {
	for _, c := range []struct {
		name string
		h    http.Handler
	}{{"bare", http.HandlerFunc(bare)}, {"router", benchRouter(b, logger())}} {
		b.Run(c.name, func(b *testing.B) {
			server := httptest.NewServer(c.h)
			defer server.Close()
			request := []byte("GET " + entityPath + " HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer golden-static-token-0123456789\r\n\r\n")
			b.ReportAllocs()
			before := cpuTime(b)
			defer func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }()
			b.RunParallel(func(pb *testing.PB) {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					b.Error(err)
					return
				}
				defer func() { _ = conn.Close() }()
				buf := make([]byte, 16<<10)
				for pb.Next() {
					if _, err := conn.Write(request); err != nil {
						b.Error(err)
						return
					}
					for n, end := 0, entityBody[len(entityBody)-3:]; ; {
						m, err := conn.Read(buf[n:])
						if err != nil {
							b.Error(err)
							return
						}
						if n += m; bytes.HasSuffix(buf[:n], end) {
							break
						}
					}
				}
			})
		})
	}
}

// cpuTime is what this process has used so far: unlike the clock it does not count the neighbours.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
