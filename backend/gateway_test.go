package backend_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// stories is a plugin with an answer of each sort.
func stories(begun chan<- struct{}) *plain {
	return &plain{id: "stories", register: func(_ context.Context, env *host.Env) error {
		env.Routes.Handle("GET /who", func(w http.ResponseWriter, r *http.Request) error {
			return router.WriteJSON(w, r, http.StatusOK, map[string]string{"who": auth.FromContext(r.Context()).String(), "text": strings.Repeat("once upon a time ", 200)})
		})
		env.Routes.Handle("GET /by-name/{name}", func(_ http.ResponseWriter, r *http.Request) error {
			return fault.NotFound("No story named '%s' was found", r.PathValue("name"))
		})
		env.Routes.Handle("POST /echo", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.Copy(w, r.Body)
			return err
		})
		env.Routes.Handle("GET /chapters", func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: 1\n\n")
			_ = http.NewResponseController(w).Flush()
			begun <- struct{}{}
			select {
			case <-router.Draining(r.Context()):
			case <-r.Context().Done():
			}
			return nil
		})
		return nil
	}}
}

// caller is a plugin that calls stories, as plugins call each other.
func caller() *plain {
	return &plain{id: "reader", register: func(_ context.Context, env *host.Env) error {
		env.Routes.Handle("GET /read", func(w http.ResponseWriter, r *http.Request) error {
			base, err := env.Discovery.InternalURL(r.Context(), "stories")
			if err != nil {
				return err
			}
			token, err := env.Auth.IssueToken(r.Context(), "reader", auth.PluginCredentials("reader"), "stories")
			if err != nil {
				return err
			}
			req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, base+"/who", http.NoBody)
			if err != nil {
				return err
			}
			req.Header.Set("Authorization", "Bearer "+token)
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			res, err := client.Do(req)
			if err != nil {
				return err
			}
			defer func() { _ = res.Body.Close() }()
			w.WriteHeader(res.StatusCode)
			_, err = io.Copy(w, res.Body)
			return err
		})
		return nil
	}}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// whole sends a request and reads its answer. Compression is as the headers ask.
func whole(t *testing.T, method, url string, body io.Reader, headers ...string) (*http.Response, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(data)
}

// TestGatewayBeforeAnotherBackend puts two servers of ours side by side: each verifies the other's tokens, and what comes
// through the gateway is what the other one would have answered itself.
func TestGatewayBeforeAnotherBackend(t *testing.T) {
	port, begun := freePort(t), make(chan struct{}, 1)
	front := start(t, strings.Replace(minimal(t), "understudy: {", "understudy: {gateway: {enabled: true}, ", 1)+fmt.Sprintf(`discovery: {endpoints: [{target: {internal: 'http://127.0.0.1:%d/api/{{pluginId}}'}, plugins: [stories, app]}]}`+"\n", port), []host.Plugin{caller()})
	text := strings.Replace(minimal(t), "port: 0", fmt.Sprintf("port: %d", port), 1)
	peer := start(t, text+fmt.Sprintf("discovery: {endpoints: [{target: {internal: '%s/api/{{pluginId}}'}, plugins: [reader]}]}\n", front.base),
		[]host.Plugin{stories(begun)})

	t.Run("calls between the two", func(t *testing.T) {
		if status, body := front.send(t, http.MethodGet, "/api/reader/read", "backend-test-token-0123", ""); status != 200 || !strings.Contains(body, `"who":"plugin:reader"`) {
			t.Errorf("%d %s\n%s", status, body, peer.log)
		}
	})
	t.Run("bytes and headers", func(t *testing.T) {
		const bearer = "Bearer backend-test-token-0123"
		for _, tc := range []struct {
			method, path, body string
			headers            []string
		}{
			{http.MethodGet, "/api/stories/who", "", []string{"Authorization", bearer}},
			{http.MethodGet, "/api/stories/who", "", []string{"Authorization", bearer, "Accept-Encoding", "br"}},
			{http.MethodGet, "/api/stories/who", "", []string{"Authorization", bearer, "Accept-Encoding", "gzip"}},
			{http.MethodHead, "/api/stories/who", "", []string{"Authorization", bearer}},
			{http.MethodGet, "/api/stories/who", "", nil},
			{http.MethodGet, "/api/stories/by-name/a%2Fb%20c", "", []string{"Authorization", bearer}},
			{http.MethodGet, "/api/stories/nope", "", []string{"Authorization", bearer}},
			{http.MethodPost, "/api/stories/echo", strings.Repeat("0123456789", 1<<17), []string{"Authorization", bearer, "Content-Type", "text/plain"}},
			{http.MethodGet, "/api/stories/.backstage/auth/v1/jwks.json", "", nil},
			{http.MethodGet, "/somewhere/else", "", nil},
		} {
			want, wantBody := whole(t, tc.method, peer.base+tc.path, strings.NewReader(tc.body), tc.headers...)
			got, gotBody := whole(t, tc.method, front.base+tc.path, strings.NewReader(tc.body), tc.headers...)
			if via := got.Header.Get("Via"); !strings.HasPrefix(via, "1.1 understudy-") {
				t.Errorf("%s: it did not come through the gateway: %v", tc.path, got.Header)
			}
			for _, h := range []http.Header{want.Header, got.Header} {
				for _, name := range []string{"Via", "Date", "X-Request-Id"} {
					h.Del(name)
				}
			}
			if want.StatusCode != got.StatusCode || wantBody != gotBody {
				t.Errorf("%s %s: got %d %.200q, want %d %.200q", tc.method, tc.path, got.StatusCode, gotBody, want.StatusCode, wantBody)
			}
			if diff := cmp.Diff(want.Header, got.Header); diff != "" {
				t.Errorf("%s %s %v: -direct +gateway\n%s", tc.method, tc.path, tc.headers, diff)
			}
		}
	})
	t.Run("one request, one id", func(t *testing.T) {
		res, _ := whole(t, http.MethodGet, front.base+"/api/stories/nope", http.NoBody, "Authorization", "Bearer backend-test-token-0123")
		if id := res.Header.Get("X-Request-Id"); id == "" || !strings.Contains(front.log.String(), id) || !strings.Contains(peer.log.String(), id) {
			t.Errorf("the id %q is not in both logs", id)
		}
	})
	t.Run("the peer stops while it streams", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, front.base+"/api/stories/chapters", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer backend-test-token-0123")
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		lines := bufio.NewScanner(res.Body)
		<-begun
		if !lines.Scan() || lines.Text() != "data: 1" {
			t.Fatalf("%q %v", lines.Text(), lines.Err())
		}
		if err := peer.stop(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
		}
		if lines.Err() != nil {
			t.Errorf("a stream that its server ended in good order: %v", lines.Err())
		}
		after, body := whole(t, http.MethodGet, front.base+"/api/stories/who", http.NoBody)
		if after.StatusCode != 503 || !strings.Contains(body, "The backend of the plugin 'stories' cannot be reached") || strings.Contains(body, fmt.Sprint(port)) {
			t.Errorf("%d %s", after.StatusCode, body)
		}
	})
	t.Run("metrics", func(t *testing.T) {
		_, body := front.send(t, http.MethodGet, front.metrics, "", "")
		for _, want := range []string{
			`understudy_gateway_requests_total{plugin="stories",status="5xx"} 1`, `understudy_gateway_in_flight_requests{plugin="stories"} 0`,
			`understudy_gateway_request_duration_seconds_count{plugin="stories"}`, `understudy_gateway_requests_total{plugin="app",status="4xx"} 1`,
		} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in the metrics", want)
			}
		}
	})
}
