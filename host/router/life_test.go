package router_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/host/router"
)

const (
	notStarted = `{"error":{"name":"ServiceUnavailableError","message":"Service has not started up yet"},"request":{"method":"GET","url":"/x"},"response":{"statusCode":503}}`
	stopping   = `{"error":{"name":"ServiceUnavailableError","message":"Service is shutting down"},"request":{"method":"GET","url":"/x"},"response":{"statusCode":503}}`
)

func TestRequestsWaitForTheirPlugin(t *testing.T) {
	t.Parallel()
	var slow, never *router.Routes
	arrived := make(chan struct{})
	f := start(t, router.Config{StartupPause: 20 * time.Second}, router.Options{Gate: signalGate{}}, func(rt *router.Router) {
		slow, _ = rt.Plugin("slow")
		slow.Handle("GET /x", ok)
		slow.HandlePublic("GET /keys", ok)
	})
	if a := f.get("/api/slow/keys"); a.body != "ok" {
		t.Errorf("public routes are never paused: %d %s", a.StatusCode, a.body)
	}
	got := make(chan answer)
	go func() {
		close(arrived)
		got <- f.get("/api/slow/x")
	}()
	<-arrived
	slow.Initialized()
	slow.Initialized()
	if a := <-got; a.body != "ok" {
		t.Errorf("after initialisation: %d %s", a.StatusCode, a.body)
	}

	impatient := start(t, router.Config{StartupPause: time.Millisecond}, router.Options{}, func(rt *router.Router) {
		never, _ = rt.Plugin("never")
		never.Handle("GET /x", ok)
	})
	if a := impatient.get("/api/never/x"); a.StatusCode != 503 || a.body != notStarted {
		t.Errorf("after the pause: %d %s", a.StatusCode, a.body)
	}
}

type signalGate struct{}

func (signalGate) Authenticate(r *http.Request, _ string, _ router.Level) (*http.Request, error) {
	return r, nil
}

func ok(w http.ResponseWriter, _ *http.Request) error {
	_, err := io.WriteString(w, "ok")
	return err
}

func TestDrainUnderRequestsInFlight(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	streaming, streamEnded := make(chan struct{}), make(chan struct{})
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		p := plugin(t, rt, "catalog")
		p.Handle("GET /x", ok)
		p.HandlePublic("GET /keys", ok)
		p.Handle("GET /slow", func(w http.ResponseWriter, r *http.Request) error {
			close(entered)
			<-release
			return ok(w, r)
		})
		p.Handle("GET /stream", func(w http.ResponseWriter, r *http.Request) error {
			_ = http.NewResponseController(w).Flush()
			close(streaming)
			<-router.Draining(r.Context())
			close(streamEnded)
			return nil
		})
	})
	if a := f.get("/api/catalog/x"); a.StatusCode != 200 {
		t.Fatal(a.StatusCode)
	}
	got, streamed := make(chan answer, 1), make(chan answer, 1)
	go func() { got <- f.get("/api/catalog/slow") }()
	go func() { streamed <- f.get("/api/catalog/stream") }()
	<-entered
	<-streaming
	if err := f.rt.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-streamEnded
	if a := f.get("/api/catalog/x"); a.StatusCode != 503 || a.body != stopping {
		t.Errorf("routes while stopping: %d %s", a.StatusCode, a.body)
	}
	if a := f.get("/api/catalog/keys"); a.StatusCode != 200 {
		t.Errorf("public routes while stopping: %d", a.StatusCode)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- f.rt.Shutdown(t.Context()) }()
	// The listener closes while the slow request is still in flight.
	for {
		conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
		if err != nil {
			break
		}
		_ = conn.Close()
	}
	select {
	case err := <-stopped:
		t.Fatalf("shutdown did not wait: %v", err)
	default:
	}
	close(release)
	if a := <-got; a.body != "ok" {
		t.Errorf("the request in flight: %d %s", a.StatusCode, a.body)
	}
	<-streamed
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestShutdownIsBounded(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	f := start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		plugin(t, rt, "catalog").Handle("GET /stuck", func(http.ResponseWriter, *http.Request) error {
			close(entered)
			<-release
			return nil
		})
	})
	cut := make(chan error, 1)
	go func() {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/api/catalog/stuck", nil)
		res, err := f.client.Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
		cut <- err
	}()
	<-entered
	bound := errors.New("bound of the test")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, bound)
	defer cancel()
	if err := f.rt.Shutdown(ctx); !errors.Is(err, bound) {
		t.Errorf("shutdown: %v", err)
	}
	if err := <-cut; err == nil {
		t.Error("the connection must have been cut")
	}
	close(release)
}

// The delay runs on a fake clock: what matters is what fails when.
func TestShutdownDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rt, err := router.New(router.Config{ShutdownDelay: time.Minute}, router.Options{})
		if err != nil {
			t.Fatal(err)
		}
		plugin(t, rt, "catalog").Handle("GET /x", ok)
		rt.Ready()
		began, done := time.Now(), make(chan error)
		go func() { done <- rt.Drain(t.Context()) }()
		synctest.Wait()
		if status := call(rt, "/.backstage/health/v1/readiness"); status != 503 {
			t.Errorf("readiness during the delay: %d", status)
		}
		if status := call(rt, "/api/catalog/x"); status != 200 {
			t.Errorf("routes during the delay: %d", status)
		}
		if err := <-done; err != nil || time.Since(began) != time.Minute {
			t.Errorf("drained after %s: %v", time.Since(began), err)
		}
		if status := call(rt, "/api/catalog/x"); status != 503 {
			t.Errorf("routes after the delay: %d", status)
		}

		hasty, _ := router.New(router.Config{ShutdownDelay: time.Hour}, router.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := hasty.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a delay cut short: %v", err)
		}
	})
}

// The time to send a request is bounded, that to answer it is not: streams go on for hours.
func TestRequestTimeout(t *testing.T) {
	t.Parallel()
	const limit = 50 * time.Millisecond
	f := start(t, router.Config{RequestTimeout: limit}, router.Options{}, func(rt *router.Router) {
		p := plugin(t, rt, "x")
		p.Handle("POST /read", func(w http.ResponseWriter, r *http.Request) error {
			if _, err := router.ReadJSON(r, 0); err != nil {
				return err
			}
			return outlast(r.Context(), 4*limit, w, r)
		})
		p.Handle("GET /stream", func(w http.ResponseWriter, r *http.Request) error { return outlast(r.Context(), 4*limit, w, r) })
	})
	if a := f.get("/api/x/stream"); a.body != "ok" {
		t.Errorf("a long answer: %d %s", a.StatusCode, a.body)
	}
	if a := f.do(http.MethodPost, "/api/x/read", "{}", "Content-Type: application/json"); a.body != "ok" {
		t.Errorf("a long answer to a body: %d %s", a.StatusCode, a.body)
	}
	a := f.raw("POST /api/x/read HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	if a.StatusCode != 408 || !strings.Contains(a.body, `"name":"RequestTimeoutError"`) {
		t.Errorf("a body that never ends: %d %s", a.StatusCode, a.body)
	}
}

func outlast(ctx context.Context, d time.Duration, w http.ResponseWriter, r *http.Request) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ok(w, r)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A caller that takes nothing of its answer is given up.
func TestWriteTimeout(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	f := start(t, router.Config{Timeout: 20 * time.Millisecond}, router.Options{}, func(rt *router.Router) {
		plugin(t, rt, "x").Handle("GET /big", func(w http.ResponseWriter, _ *http.Request) error {
			chunk := make([]byte, 1<<20)
			for {
				if _, err := w.Write(chunk); err != nil {
					ended <- err
					return err
				}
			}
		})
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /api/x/big HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := f.rt.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if logged := f.logs.errors(t); len(logged) > 0 {
		t.Errorf("a caller's fault, logged as ours: %v", logged)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	rt, err := router.New(router.Config{Listen: "127.0.0.1:0"}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := rt.Serve(ctx); !errors.Is(err, cause) {
		t.Errorf("serve: %v", err)
	}
	if err := rt.Shutdown(t.Context()); err != nil {
		t.Errorf("shutdown after that: %v", err)
	}
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	rt, err := router.New(router.Config{Listen: l.Addr().String()}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("listen on %s: address already in use; stop the other process or change backend.listen", l.Addr())
	if err := rt.Serve(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := rt.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
