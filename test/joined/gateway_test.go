package joined_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// TestGateway has Understudy in front of Node (docs/joined-alternatives.md): what Node answers through it is what Node answers,
// and what lives here is served here.
func TestGateway(t *testing.T) {
	b := start(t, stage.Options{Rely: unlimited(), Understudy: map[string]string{"APP_CONFIG_understudy_gateway_enabled": "true"}})
	b.swept(t)
	user := b.signIn(t, jane, platform)

	t.Run("Node's answers, byte for byte", func(t *testing.T) {
		for _, tc := range []struct {
			method, path, body string
			headers            []string
		}{
			{http.MethodGet, "/api/catalog/entities?limit=5&filter=kind=component", "", nil},
			{http.MethodGet, "/api/catalog/entities/by-query?limit=5&orderField=metadata.name,asc", "", []string{"Accept-Encoding", "br, gzip"}},
			{http.MethodGet, "/api/catalog/entities/by-name/component/default/edge", "", nil},
			{http.MethodGet, "/api/catalog/entities/by-name/component/default/no%2Fsuch%20thing", "", nil},
			{http.MethodPost, "/api/catalog/entities/by-refs", `{"entityRefs":["component:default/edge","x:y/z"]}`, []string{"Content-Type", "application/json"}},
			{http.MethodPost, "/api/catalog/entities/by-refs", `{"entityRefs":`, []string{"Content-Type", "application/json"}},
			{http.MethodGet, "/api/catalog/no-such-route", "", nil},
			{http.MethodGet, "/api/no-such-plugin/x", "", nil},
			{http.MethodGet, "/api/auth/.well-known/jwks.json", "", nil},
			{http.MethodGet, "/api/catalog/.backstage/auth/v1/jwks.json", "", nil},
			{http.MethodGet, "/API/Catalog/entities?limit=1", "", nil},
			{http.MethodGet, "/some/page", "", nil},
			{http.MethodOptions, "/api/catalog/entities", "", nil},
		} {
			want := whole(t, tc.method, b.theirs(tc.path), user, tc.body, tc.headers...)
			got := whole(t, tc.method, b.ours(tc.path), user, tc.body, tc.headers...)
			if !strings.Contains(got.Header.Get("Via"), "understudy-") {
				t.Errorf("%s did not come through: %v", tc.path, got.Header)
			}
			for _, h := range []http.Header{want.Header, got.Header} {
				// What one connection, or the gateway, has of its own.
				for _, name := range []string{"Via", "Date", "X-Request-Id", "Connection", "Keep-Alive"} {
					h.Del(name)
				}
			}
			if want.StatusCode != got.StatusCode || !bytes.Equal(want.body, got.body) {
				t.Errorf("%s %s: got %d %.300s\nwant %d %.300s", tc.method, tc.path, got.StatusCode, got.body, want.StatusCode, want.body)
			}
			if diff := cmp.Diff(want.Header, got.Header); diff != "" {
				t.Errorf("%s %s: -direct +gateway\n%s", tc.method, tc.path, diff)
			}
		}
	})

	t.Run("Node's gate, not ours", func(t *testing.T) {
		for _, token := range []string{"", "bad"} {
			want, got := ask(t, http.MethodGet, b.theirs("/api/catalog/entities"), token, nil), ask(t, http.MethodGet, b.ours("/api/catalog/entities"), token, nil)
			if got.Status != http.StatusUnauthorized || got.String() != want.String() {
				t.Errorf("token %q: got %s, want %s", token, got, want)
			}
		}
	})

	t.Run("ours", func(t *testing.T) {
		answer := whole(t, http.MethodGet, b.ours("/api/spacelift-io/stacks"), user, "")
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Via") != "" {
			t.Errorf("%d %v", answer.StatusCode, answer.Header)
		}
	})

	t.Run("a long poll of the events bus", func(t *testing.T) {
		if oldest() {
			t.Skip("that release has no bus")
		}
		b.longPoll(t)
	})

	t.Run("Node goes and comes", func(t *testing.T) {
		if err := b.Node.Kill(); err != nil {
			t.Fatal(err)
		}
		answer := ask(t, http.MethodGet, b.ours("/api/catalog/entities?limit=1"), user, nil)
		if answer.Status != http.StatusServiceUnavailable || !strings.Contains(answer.String(), `"message":"The backend of the plugin 'catalog' cannot be reached"`) {
			t.Errorf("while it is gone: %s", answer)
		}
		if err := b.Node.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		get(t, b.ours("/api/catalog/entities?limit=1"), user, &[]any{})
	})
}

type read struct {
	*http.Response
	body []byte
}

// whole sends a request and reads its answer as it is, compressed if the headers ask for that.
func whole(t *testing.T, method, url, token, body string, headers ...string) read {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return read{res, data}
}

// longPoll subscribes to the bus as a service, and waits for an event through the gateway (core.md 16.2).
func (b *bench) longPoll(t *testing.T) {
	t.Helper()
	const bus = "/api/events/bus/v1"
	subscription := bus + "/subscriptions/probe.gateway"
	if a := ask(t, http.MethodPut, b.ours(subscription), stage.Token, map[string]any{"topics": []string{"gateway"}}); a.Status != http.StatusCreated {
		t.Fatalf("subscribe: %s", a)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.ours(subscription+"/events"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+stage.Token)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req) // it has its header now, and no event yet
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusAccepted || res.Header.Get("Backstage-Events-Notify-Timeout") == "" {
		t.Fatalf("%s %v", res.Status, res.Header)
	}
	event := map[string]any{"event": map[string]any{"topic": "gateway", "payload": map[string]any{"n": 1}}}
	if a := ask(t, http.MethodPost, b.ours(bus+"/events"), stage.Token, event); a.Status != http.StatusCreated {
		t.Fatalf("publish: %s", a)
	}
	if data, err := io.ReadAll(res.Body); err != nil || len(data) != 0 {
		t.Fatalf("the poll ended with %q, %v", data, err)
	}
	var got struct {
		Events []struct {
			Topic   string
			Payload json.RawMessage
		}
	}
	get(t, b.ours(subscription+"/events"), stage.Token, &got)
	if len(got.Events) != 1 || string(got.Events[0].Payload) != `{"n":1}` {
		t.Errorf("%+v", got)
	}
}
