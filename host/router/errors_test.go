package router_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

func TestErrorBodies(t *testing.T) {
	t.Parallel()
	const tail = `,"request":{"method":"GET","url":"/fail?x=1"},"response":{"statusCode":%d}}`
	inner := errors.New("inner")
	// Rows of core.md 3.1.
	for _, c := range []struct {
		err    error
		status int
		body   string
	}{
		{fault.Input("boom").CausedBy(inner), 400, `{"error":{"name":"InputError","message":"boom; caused by Error: inner","cause":{"name":"Error","message":"inner"}}`},
		{fault.Authentication("a"), 401, `{"error":{"name":"AuthenticationError","message":"a"}`},
		{fault.NotAllowed(""), 403, `{"error":{"name":"NotAllowedError","message":""}`},
		{fault.NotFound("<b> & 'c' \u2028 ☃"), 404, `{"error":{"name":"NotFoundError","message":"<b> & 'c' ` + "\u2028" + ` ☃"}`},
		{fault.Conflict("c"), 409, `{"error":{"name":"ConflictError","message":"c"}`},
		{fault.NotImplemented("n"), 501, `{"error":{"name":"NotImplementedError","message":"n"}`},
		{fault.Unavailable("u"), 503, `{"error":{"name":"ServiceUnavailableError","message":"u"}`},
		{fault.TooLarge("t"), 413, `{"error":{"name":"PayloadTooLargeError","message":"t"}`},
		{&fault.Error{Name: "ResponseError", Status: 418, Message: "upstream"}, 418, `{"error":{"name":"ResponseError","message":"upstream"}`},
		{&fault.Error{Name: "OddError", Status: 7, Message: "x"}, 500, `{"error":{"name":"OddError","message":"x"}`},
		{fmt.Errorf("outer text: %w", fault.Conflict("taken")), 409, `{"error":{"name":"ConflictError","message":"taken"}`},
		{
			fault.Input("a").CausedBy(fault.NotFound("b").CausedBy(inner).With("code", "E")).With("z", 1).With("y", []string{"q"}), 400,
			`{"error":{"name":"InputError","message":"a; caused by NotFoundError: b; caused by Error: inner","cause":{"name":"NotFoundError","message":"b; caused by Error: inner","cause":{"name":"Error","message":"inner"},"code":"E"},"z":1,"y":["q"]}`,
		},
		{fault.Input("s").With("stack", "at main.go:1"), 400, `{"error":{"name":"InputError","message":"s"}`},
		{&http.MaxBytesError{Limit: 5}, 413, `{"error":{"name":"PayloadTooLargeError","message":"request entity too large","limit":5,"type":"entity.too.large"}`},
	} {
		f := failing(t, func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Length", "9999")
			w.Header().Set("ETag", `"x"`)
			return c.err
		})
		a := f.get("/api/catalog/fail?x=1")
		if want := c.body + fmt.Sprintf(tail, c.status); a.StatusCode != c.status || a.body != want {
			t.Errorf("%v:\n got %d %s\nwant %d %s", c.err, a.StatusCode, a.body, c.status, want)
		}
		if a.Header.Get("Content-Type") != "application/json; charset=utf-8" || !strings.HasPrefix(a.Header.Get("Etag"), `W/"`) {
			t.Errorf("%v: %v", c.err, a.Header)
		}
		logged := f.logs.errors(t)
		if want := fmt.Sprintf("Request failed with status %d", c.status); c.status >= 500 != (len(logged) == 1) || c.status >= 500 && logged[0]["message"] != want {
			t.Errorf("%v: logged %v", c.err, logged)
		}
	}
}

func failing(t *testing.T, h router.HandlerFunc) *fixture {
	t.Helper()
	return start(t, router.Config{}, router.Options{}, func(rt *router.Router) { plugin(t, rt, "catalog").Handle("/fail", h) })
}

var masked = regexp.MustCompile(`^\{"error":\{"name":"Error","message":"An internal error occurred logId=([0-9a-f]{20})"\},"request":\{"method":"GET","url":"/fail"\},"response":\{"statusCode":500\}\}$`)

func TestInternalErrorsAreMasked(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]router.HandlerFunc{
		"plain":   func(http.ResponseWriter, *http.Request) error { return errors.New("password=hunter2 at 10.0.0.1") },
		"panic":   func(http.ResponseWriter, *http.Request) error { panic("password=hunter2") },
		"runtime": func(_ http.ResponseWriter, r *http.Request) error { return (*exploding)(nil).explode(r) },
		"fault":   func(http.ResponseWriter, *http.Request) error { panic(fault.NotFound("password=hunter2")) },
		"held back": func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "password=hunter2") // less than what compression waits for, so not yet sent
			return errors.New("late")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := failing(t, h)
			a := f.get("/api/catalog/fail", "Accept-Encoding: gzip")
			found := masked.FindStringSubmatch(a.body)
			if a.StatusCode != 500 || found == nil {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			logged := f.logs.lines(t, func(l map[string]any) bool { return l["logId"] == found[1] })
			if len(logged) != 1 || logged[0]["message"] != "Request failed with status 500" || logged[0]["level"] != "error" || logged[0]["plugin"] != "catalog" {
				t.Errorf("under that id: %v", logged)
			}
			stack := f.logs.lines(t, func(l map[string]any) bool { _, ok := l["stack"]; return ok })
			if panicked := name != "plain" && name != "held back"; panicked != (len(stack) == 1) {
				t.Errorf("stacks logged: %d", len(stack))
			}
		})
	}
}

type exploding struct{ text string }

func (e *exploding) explode(r *http.Request) error { return errors.New(r.Method + e.text) }

func TestNotModifiedHasNoBody(t *testing.T) {
	t.Parallel()
	f := failing(t, func(http.ResponseWriter, *http.Request) error { return fault.NotModified("same") })
	if a := f.get("/api/catalog/fail"); a.StatusCode != 304 || a.body != "" || a.Header.Get("Content-Type") != "" {
		t.Errorf("%d %q %v", a.StatusCode, a.body, a.Header)
	}
}

// An answer that fails half way must not look complete.
func TestFailureAfterTheAnswerBegan(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func() error{
		"error": func() error { return errors.New("lost the database") },
		"panic": func() error { panic("lost") },
		"abort": func() error { panic(http.ErrAbortHandler) },
	} {
		f := failing(t, func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			return end()
		})
		res, err := f.client.Get(f.url + "/api/catalog/fail")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%s: the caller saw a complete answer", name)
		}
		_ = res.Body.Close()
		if n := len(f.logs.errors(t)); (n > 0) != (name != "abort") {
			t.Errorf("%s: %d error lines", name, n)
		}
	}
}

func TestCallerWhoLeavesIsNoError(t *testing.T) {
	t.Parallel()
	entered, left := make(chan struct{}), make(chan struct{})
	f := failing(t, func(_ http.ResponseWriter, r *http.Request) error {
		close(entered)
		<-r.Context().Done()
		defer close(left)
		return fmt.Errorf("query: %w", r.Context().Err())
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/api/catalog/fail", nil)
		if res, err := f.client.Do(r); err == nil {
			_ = res.Body.Close()
			t.Error("an answer for one who left")
		}
	}()
	<-entered
	cancel()
	<-done
	<-left
	if err := f.rt.Shutdown(t.Context()); err != nil { // the line is written when the handler is through
		t.Fatal(err)
	}
	if logged := f.logs.errors(t); len(logged) > 0 {
		t.Errorf("logged as an error: %v", logged)
	}
	if lines := f.logs.requests(t); len(lines) != 1 || lines[0]["status"] != 499.0 {
		t.Errorf("request log: %v", lines)
	}
}

// One who closes only its sending side still waits: it gets no empty 200 for a request that was given up.
func TestHalfClosedCaller(t *testing.T) {
	t.Parallel()
	f := failing(t, func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET /api/catalog/fail HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if data, _ := io.ReadAll(conn); len(data) > 0 {
		t.Errorf("got %q", data)
	}
}

func TestDevelopmentIndents(t *testing.T) {
	t.Parallel()
	f := start(t, router.Config{}, router.Options{Development: true}, func(rt *router.Router) {
		p := plugin(t, rt, "catalog")
		p.Handle("/fail", func(http.ResponseWriter, *http.Request) error { return fault.Input("x") })
	})
	want := "{\n  \"error\": {\n    \"name\": \"InputError\",\n    \"message\": \"x\"\n  },\n  \"request\": {\n    \"method\": \"GET\",\n    \"url\": \"/fail\"\n  },\n  \"response\": {\n    \"statusCode\": 400\n  }\n}"
	if a := f.get("/api/catalog/fail"); a.body != want {
		t.Errorf("%s", a.body)
	}
	if a := f.get("/.backstage/health/v1/liveness"); a.body != "{\n  \"status\": \"ok\"\n}" {
		t.Errorf("%s", a.body)
	}
}
