package console

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host"
)

func checkedSystem(demo bool) *fakeSystem {
	s := busySystem(demo)
	s.steps = []host.Step{
		{ID: "config", Title: "the configuration", Outcome: host.StepPassed, Detail: "no mistakes"},
		{ID: "peer.auth.reach", Title: "auth", Outcome: host.StepFailed, Detail: "refused", Fix: "start it"},
		{ID: "peer.auth.keys", Title: "keys", Outcome: host.StepSkipped, Detail: "waits for peer.auth.reach"},
	}
	return s
}

// A check begins when it is asked for, and is remembered; only those may ask who may see the configuration.
func TestCheck(t *testing.T) {
	t.Parallel()
	system := checkedSystem(false)
	f := start(t, system, newCatalog(t), "{}")
	const path = "/api/understudy/v1/check"
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for token, want := range map[string]int{"": http.StatusUnauthorized, "user": http.StatusForbidden} {
			if status, body := f.send(t, method, path, token, ""); status != want {
				t.Errorf("%s as %q: %d %s", method, token, status, body)
			}
		}
	}
	if status, body := f.send(t, http.MethodGet, path, "service", ""); status != http.StatusOK || !strings.Contains(body, `"steps":[]`) || strings.Contains(body, "checkedAt") {
		t.Errorf("before the first: %d %s", status, body)
	}
	const want = `{"checkedAt":"2023-11-14T22:13:20Z","tookMillis":1500,"passed":1,"warnings":0,"failed":1,"skipped":1,"steps":[` +
		`{"id":"config","title":"the configuration","outcome":"passed","detail":"no mistakes"},` +
		`{"id":"peer.auth.reach","title":"auth","outcome":"failed","detail":"refused","fix":"start it"},` +
		`{"id":"peer.auth.keys","title":"keys","outcome":"skipped","detail":"waits for peer.auth.reach"}],"title":"Acme","version":"v1.2.3"}`
	if status, body := f.send(t, http.MethodPost, path, "service", `{"userToken":"theirs"}`); status != http.StatusOK || body != want {
		t.Errorf("a check: %d %s", status, body)
	}
	if system.checkToken != "theirs" {
		t.Errorf("tried with the token %q", system.checkToken)
	}
	if _, body := f.send(t, http.MethodGet, path, "service", ""); body != want {
		t.Errorf("remembered: %s", body)
	}
	if status, _ := f.send(t, http.MethodPost, path, "service", `{"userToken":1}`); status != http.StatusBadRequest {
		t.Errorf("a token that is no text: %d", status)
	}
}

// The routes are there where the console is turned off, and nothing else of it is.
func TestCheckWithoutConsole(t *testing.T) {
	t.Parallel()
	f := start(t, checkedSystem(false), newCatalog(t), "{understudy: {console: {enabled: false}}}")
	if status, body := f.send(t, http.MethodPost, "/api/understudy/v1/check", "service", ""); status != http.StatusOK {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := f.send(t, http.MethodGet, "/api/understudy/v1/plugins", "service", ""); status != http.StatusNotFound {
		t.Errorf("plugins: %d", status)
	}
}

func (f *fixture) send(t *testing.T, method, path, token, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
