package joined_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// rely's keys are in a table of ours; a forger whose key is there may say what the plugin may, on Node's side.
func (x *exporter) forgeOurs(t *testing.T) *forger {
	t.Helper()
	f := newForger(t)
	conn := x.connect(t, "rely")
	defer func() { _ = conn.Close(t.Context()) }()
	now := time.Now()
	if _, err := conn.Exec(t.Context(), `INSERT INTO understudy_rely.public_keys (kid, purpose, jwk, created_at, expires_at) VALUES ($1, 'service', $2, $3, $4)`,
		f.kid, f.public(t), now.UnixMilli(), now.Add(time.Hour).UnixMilli()); err != nil {
		t.Fatal(err)
	}
	until(t, "our key is published", func() bool {
		return slices.Contains(x.keys(t, "rely"), f.kid)
	})
	return f
}

// expires: after the first page, the token with which it was asked for has expired. An hour is too long to wait for that, so
// the tap puts one in its place that did, signed with a key of ours: it is Node that looks at it, and refuses.
func (x *exporter) expires(t *testing.T) {
	f := x.forgeOurs(t)
	now := time.Now()
	claims := func(until time.Time) map[string]any {
		return map[string]any{"sub": "rely", "aud": "catalog", "iat": now.Add(-2 * time.Hour).Unix(), "exp": until.Unix()}
	}
	header := map[string]any{"typ": "vnd.backstage.plugin"}
	path := x.theirs("/api/catalog/entities?limit=1")
	good := f.sign(t, header, claims(now.Add(time.Hour)))
	until(t, "Node takes such a token that has not expired", func() bool { // it looks at our keys anew half a minute after the last time
		return ask(t, http.MethodGet, path, good, nil).Status == http.StatusOK
	})
	expired := f.sign(t, header, claims(now.Add(-time.Second)))
	refusal := ask(t, http.MethodGet, path, expired, nil)
	if refusal.Status != http.StatusUnauthorized {
		t.Fatalf("such a token that has expired: %s", refusal)
	}

	var mu sync.Mutex
	old := ""
	pages, replaced := 0, 0
	x.Tap.Between(func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token := r.Header.Get("Authorization")
			page, first := walks(r)
			mu.Lock()
			switch {
			case page && first:
				old = token
			case token == old:
				replaced++
				r.Header.Set("Authorization", "Bearer "+expired)
			}
			if page {
				pages++
			}
			mu.Unlock()
			pass.ServeHTTP(w, r)
		})
	})
	r := x.run(t, "")
	if r.Counts.Sent != 0 || r.Counts.DeleteCandidates != x.gone || replaced != 1 || pages != 4 {
		t.Errorf("%d requests with the expired token, %d pages, %+v", replaced, pages, r)
	}
	t.Logf("Node said %s", refusal.Message())
}

// refused: Node answers 401, as while it cannot fetch our keys, for a while and then for good.
func (x *exporter) refused(t *testing.T) {
	var left atomic.Int64
	x.Tap.Between(func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, first := walks(r); !first && left.Add(-1) >= 0 {
				nodeAnswers(w, r, http.StatusUnauthorized, "AuthenticationError", "Failed plugin token verification")
				return
			}
			pass.ServeHTTP(w, r)
		})
	})
	left.Store(5)
	if r := x.run(t, ""); r.Counts.Sent != 0 || r.Counts.DeleteCandidates != x.gone {
		t.Errorf("for a while: %+v", r)
	}
	left.Store(1 << 40)
	x.fails(t, "answered 401", "clocks")
}

// broken: Node answers 500 from the second page on, which is tried for a minute.
func (x *exporter) broken(t *testing.T) {
	x.Tap.Between(func(pass http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if page, first := walks(r); page && !first {
				nodeAnswers(w, r, http.StatusInternalServerError, "Error", "an internal error occurred")
				return
			}
			pass.ServeHTTP(w, r)
		})
	})
	x.fails(t, "answered 500")
}

// fails wants a run to fail for a reason, to send nothing, to have proven nothing, and to be done again by itself; then it is
// resumed, with nothing in the way any more.
func (x *exporter) fails(t *testing.T, reasons ...string) {
	t.Helper()
	before := len(x.Rely.Requests())
	r := x.ended(t, x.begin(t, ""))
	if r.Status != "failed" || r.RetryAt == "" || !r.Resumable || r.Counts.DeleteCandidates != 0 || len(x.Rely.Requests()) != before {
		t.Errorf("%d requests to Rely, %+v", len(x.Rely.Requests())-before, r)
	}
	for _, reason := range reasons {
		if !strings.Contains(r.Error, reason) {
			t.Errorf("the error lacks %q: %s", reason, r.Error)
		}
	}
	x.Tap.Between(nil)
	x.resume(t, r.ID)
	if r = x.ended(t, r.ID); r.Status != "succeeded" || r.Counts.DeleteCandidates != x.gone || r.Counts.Sent != 0 {
		t.Errorf("resumed: %+v", r)
	}
}

func (x *exporter) resume(t *testing.T, id string) {
	t.Helper()
	if answer := ask(t, http.MethodPost, x.ours("/api/rely/runs/"+id+"/resume"), stage.Token, nil); answer.Status != http.StatusOK {
		t.Fatalf("resume: %s", answer)
	}
}
