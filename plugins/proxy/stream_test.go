package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// wait fails when a signal does not come.
func wait[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(15 * time.Second):
		t.Fatalf("%s did not come", what)
		panic("unreachable")
	}
}

// What has arrived is passed on at once, both ways: neither side sends more before the other has seen what there was.
func TestBothWaysStream(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.EnableFullDuplex()
		w.Header().Set("Content-Type", "application/x-ndjson")
		_ = control.Flush()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			_, _ = fmt.Fprintf(w, "seen %s\n", lines.Text())
			_ = control.Flush()
		}
	})
	s := start(t, up.URL, "/up: $UP\n")
	for _, encoding := range []string{"identity", "gzip, br"} {
		reader, writer := io.Pipe()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/api/proxy/up/x", reader)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+bearer)
		req.Header.Set("Accept-Encoding", encoding)
		res, err := s.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(res.Body)
		for i := range 5 {
			_, _ = fmt.Fprintf(writer, "line %d\n", i)
			if encoding != "identity" {
				one := make([]byte, 1) // compressed, but something comes for each line
				if _, err := answers.Read(one); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if line, err := answers.ReadString('\n'); err != nil || line != fmt.Sprintf("seen line %d\n", i) {
				t.Fatalf("%q %v", line, err)
			}
		}
		_ = writer.Close()
		_, _ = io.Copy(io.Discard, answers)
		_ = res.Body.Close()
	}
}

func TestServerSentEvents(t *testing.T) {
	t.Parallel()
	next, left := make(chan string), make(chan struct{})
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case event := <-next:
				_, _ = io.WriteString(w, "data: "+event+"\n\n")
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				close(left)
				return
			}
		}
	})
	s := start(t, up.URL, "/up: $UP\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/proxy/up/events", nil)
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Accept-Encoding", "gzip")
	go func() { next <- "first" }()
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewReader(res.Body)
	if line, _ := lines.ReadString('\n'); line != "data: first\n" {
		t.Fatalf("%q", line)
	}
	next <- "second"
	_, _ = lines.ReadString('\n')
	if line, _ := lines.ReadString('\n'); line != "data: second\n" {
		t.Fatalf("%q", line)
	}
	cancel() // the caller leaves, and the target learns of it
	wait(t, "the end of the target's request", left)
}

// A stream without an end ends with the server, which otherwise waits for it.
func TestAStreamEndsWithTheServer(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s := start(t, up.URL, "/up: $UP\n")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/proxy/up/events", nil)
	req.Header.Set("Authorization", "Bearer "+bearer)
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, res.Body)
		ended <- err
	}()
	if err := s.rt.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, "the end of the stream", ended); err == nil {
		t.Error("the stream's end looks like its own")
	}
}

// Large bodies pass through without being held: far more passes than the process may grow by.
func TestLargeBodiesAreNotHeld(t *testing.T) {
	t.Parallel()
	const size = 192 << 20
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("X-Sum", fmt.Sprintf("%d %x %v", n, sum.Sum(nil), err))
		_, _ = io.Copy(w, io.LimitReader(pattern{}, size))
	})
	s := start(t, up.URL, "/up: {target: $UP, allowedHeaders: [x-sum]}\n")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, s.url+"/api/proxy/up/x", io.LimitReader(pattern{}, size))
	req.Header.Set("Authorization", "Bearer "+bearer)
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	sum := sha256.New()
	n, err := io.Copy(sum, res.Body)
	runtime.ReadMemStats(&after)
	want := sha256.New()
	_, _ = io.Copy(want, io.LimitReader(pattern{}, size))
	if err != nil || n != size || !bytes.Equal(sum.Sum(nil), want.Sum(nil)) {
		t.Errorf("down: %d bytes, %v", n, err)
	}
	if got, want := res.Header.Get("X-Sum"), fmt.Sprintf("%d %s <nil>", int64(size), hex.EncodeToString(want.Sum(nil))); got != want {
		t.Errorf("up: %s, want %s", got, want)
	}
	if grown := int64(after.Sys) - int64(before.Sys); grown > 96<<20 {
		t.Errorf("the process grew by %d MiB", grown>>20)
	}
}

// pattern is a body of any length.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

// A target that takes nothing slows the caller down.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		<-release
		n, _ := io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, n)
	})
	s := start(t, up.URL, "/up: $UP\n")
	const size = 64 << 20
	body := &countingReader{Reader: io.LimitReader(pattern{}, size)}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, s.url+"/api/proxy/up/x", body)
	req.Header.Set("Authorization", "Bearer "+bearer)
	answered := make(chan string, 1)
	go func() {
		res, err := s.client.Do(req)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer func() { _ = res.Body.Close() }()
		data, _ := io.ReadAll(res.Body)
		answered <- string(data)
	}()
	// The caller stands still once the buffers of the sockets are full, far before its end.
	var last int64 = -1
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for now := body.n.Load(); now != last || now == 0; now = body.n.Load() {
		last = now
		<-tick.C
	}
	if last >= size/2 {
		t.Errorf("%d MiB were taken from the caller while the target took none", last>>20)
	}
	close(release)
	if got := wait(t, "the answer", answered); got != fmt.Sprint(size) {
		t.Errorf("the target took %s", got)
	}
}

type countingReader struct {
	io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// A caller that leaves in the middle of its upload, or of the answer, ends the target's request.
func TestACallerThatLeaves(t *testing.T) {
	t.Parallel()
	began, left := make(chan struct{}, 1), make(chan error, 1)
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadFull(r.Body, make([]byte, 4))
		began <- struct{}{}
		if err == nil && r.Method == http.MethodPut {
			_, err = io.Copy(io.Discard, r.Body)
		}
		for err == nil {
			_, err = w.Write(make([]byte, 64<<10))
		}
		left <- err
	})
	s := start(t, up.URL, "/up: $UP\n")
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		req, _ := http.NewRequestWithContext(ctx, method, s.url+"/api/proxy/up/x", reader)
		req.Header.Set("Authorization", "Bearer "+bearer)
		go func() {
			_, _ = io.WriteString(writer, "1234")
			if method == http.MethodPost {
				_ = writer.Close()
			}
		}()
		go func() {
			res, err := s.client.Do(req)
			if err == nil {
				defer func() { _ = res.Body.Close() }()
				_, _ = io.Copy(slow{}, res.Body)
			}
		}()
		wait(t, "the target's request", began)
		cancel()
		_ = writer.CloseWithError(errors.New("gone"))
		if err := wait(t, "the end of the target's request", left); err == nil {
			t.Errorf("%s: the target saw a proper end", method)
		}
	}
	await(t, "no request in flight", func() bool { return testutil.ToFloat64(gauge{s}) == 0 })
	if strings.Contains(s.logs.String(), `"level":"error"`) || strings.Contains(s.logs.String(), "proxied request failed") {
		t.Errorf("a caller that leaves is no failure:\n%s", s.logs)
	}
}

type slow struct{}

func (slow) Write(p []byte) (int, error) { return len(p), nil }

// await asks again until it is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s did not come about", what)
		}
	}
}

// An answer that comes before the caller has sent everything arrives.
func TestAnEarlyAnswer(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, _ *http.Request) {
		control := http.NewResponseController(w)
		_ = control.EnableFullDuplex()
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_ = control.Flush()
	})
	s := start(t, up.URL, "/up: $UP\n")
	got := s.rawAnswer("POST /api/proxy/up/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + bearer + "\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 413 ") {
		t.Errorf("%q", got)
	}
}

// Trailers pass both ways, as far as the allow lists let them; informational answers do not.
func TestTrailersAndExpect(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</x>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Trailer", "X-Sum, X-Secret")
		_, _ = fmt.Fprintf(w, "%s %v %v %q", body, r.Trailer["X-Client"], r.Trailer["X-Other"], r.Header.Get("Expect"))
		w.Header().Set("X-Sum", "7")
		w.Header().Set("X-Secret", "hidden")
		w.Header().Set(http.TrailerPrefix+"X-Late", "late")
		w.Header().Set(http.TrailerPrefix+"X-Late-Secret", "hidden")
	})
	s := start(t, up.URL, "/up: {target: $UP, allowedHeaders: [x-sum, x-late, x-client]}\n")
	got := s.raw("POST /api/proxy/up/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + bearer + "\r\nConnection: close\r\nExpect: 100-continue\r\n" +
		"Transfer-Encoding: chunked\r\nTrailer: X-Client, X-Other\r\n\r\n4\r\nbody\r\n0\r\nX-Client: one\r\nX-Other: two\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n") || strings.Contains(got, "103") || strings.Contains(got, "Link") {
		t.Errorf("the beginning:\n%s", got)
	}
	if !strings.Contains(got, `body [one] [] ""`) {
		t.Errorf("the target saw something else:\n%s", got)
	}
	if !strings.Contains(got, "X-Sum: 7\r\n") || !strings.Contains(got, "X-Late: late\r\n") || strings.Contains(got, "ecret") {
		t.Errorf("the trailers:\n%s", got)
	}
}

// Connections to the target are kept.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	up.Config.ConnState = countNew(&connections)
	up.Start()
	t.Cleanup(up.Close)
	s := start(t, up.URL, "/up: $UP\n")
	for range 10 {
		if a := s.do(http.MethodPost, "/api/proxy/up/x", "text"); a.body != "text" {
			t.Fatal(a.body)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 10 requests", n)
	}
}

// What the target does not say, nobody guesses: an answer without a type has none.
func TestNoTypeIsGuessed(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		_, _ = io.WriteString(w, "<html><script>alert(1)</script>")
	})
	s := start(t, up.URL, "/up: $UP\n")
	if a := s.get("/api/proxy/up/x"); a.Header["Content-Type"] != nil || !strings.HasPrefix(a.body, "<html>") {
		t.Errorf("%v %q", a.Header, a.body)
	}
}
