package integrations_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// TestBridge is the documented way: Node starts the binary, and both read the same files.
func TestBridge(t *testing.T) {
	b := prepare(t)
	b.start(t)
	b.serves(t)
	user := b.signIn(t)
	t.Run("stacks and a run", func(t *testing.T) { b.stacks(t, user) })
	t.Run("nobody", func(t *testing.T) {
		for _, path := range []string{"/api/spacelift-io/stacks", "/api/rely/status", "/api/rely-migration-plugin/status"} {
			if a := ask(t, http.MethodGet, b.url(path), "", nil); a.Status != http.StatusUnauthorized || a.Message() != "AuthenticationError: Missing credentials" {
				t.Errorf("%s: %s", path, a)
			}
			if a := ask(t, http.MethodGet, b.url(path), "nonsense", nil); a.Status != http.StatusUnauthorized {
				t.Errorf("%s with nonsense: %s", path, a)
			}
		}
	})
	t.Run("a plugin of Node", func(t *testing.T) {
		if set() == legacySet {
			t.Skip("the legacy system has no plugin tokens")
		}
		for _, as := range []string{"self", "caller"} {
			for _, plugin := range []string{"rely", "rely-migration-plugin", "spacelift-io"} {
				answer := ask(t, http.MethodPost, b.url("/api/probe/call"), user, map[string]any{"plugin": plugin, "path": "/status", "as": as})
				var r struct{ Status int }
				if err := answer.JSON(&r); err != nil || (r.Status != http.StatusOK && (plugin != "spacelift-io" || r.Status != http.StatusNotFound)) {
					t.Errorf("%s as %s: %s", plugin, as, answer)
				}
			}
		}
	})
	t.Run("forged tokens for the exchange", func(t *testing.T) {
		if set() != legacySet {
			t.Skip("only the legacy system needs an exchange")
		}
		b.forged(t)
	})
	t.Run("events", func(t *testing.T) { b.events(t, user) })
	t.Run("exports", b.exports)
	t.Run("killed, and brought back", func(t *testing.T) {
		first := b.understudy(t)
		if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		b.says(t, "Understudy has ended (SIGKILL); it is started again in 1 s")
		answer := ask(t, http.MethodGet, b.url("/api/spacelift-io/stacks"), user, nil)
		if answer.Status == http.StatusServiceUnavailable && (answer.Header.Get("Retry-After") == "" || !strings.HasPrefix(answer.Message(), "ServiceUnavailableError: ")) {
			t.Errorf("while it is away: %s, Retry-After %q", answer, answer.Header.Get("Retry-After"))
		}
		b.serves(t)
		if second := b.understudy(t); second == first || second == 0 {
			t.Errorf("first it was process %d, then %d", first, second)
		}
		b.exports(t)
	})
	t.Run("Node is stopped", func(t *testing.T) {
		pid := b.understudy(t)
		if err := b.Node.Stop(); err != nil {
			t.Fatal(err)
		}
		if set() == legacySet { // it has no end of its own: Node ends, and Understudy with its standard input
			until(t, "Understudy has ended", func() bool { return !lives(pid) })
		} else if lives(pid) {
			t.Error("Node has stopped, and Understudy lives")
		}
	})
	t.Run("Node is killed", func(t *testing.T) {
		b.start(t)
		b.serves(t)
		pid := b.understudy(t)
		if err := b.Node.Kill(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		until(t, "Understudy has ended", func() bool { return !lives(pid) })
		t.Logf("Understudy ended %s after Node was killed", time.Since(began).Round(time.Millisecond))
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("Understudy outlived Node by %s", took)
		}
	})
}

// stacks lists and triggers, as a user and as a service, and asks again for what it has.
func (b *bench) stacks(t *testing.T, user string) {
	const list = "/api/spacelift-io/stacks"
	if set() != legacySet { // which has the tests' own provider only
		var guest struct{ BackstageIdentity struct{ Token string } }
		get(t, b.url("/api/auth/guest/refresh"), "", &guest)
		var stacks []any
		if get(t, b.url(list), guest.BackstageIdentity.Token, &stacks); len(stacks) == 0 {
			t.Error("the guest sees no stacks")
		}
	}
	for who, token := range map[string]string{"user": user, "service": stage.Token} {
		first := ask(t, http.MethodGet, b.url(list), token, nil)
		tag := first.Header.Get("ETag")
		if first.Status != http.StatusOK || tag == "" {
			t.Fatalf("%s: %s, ETag %q", who, first, tag)
		}
		if again := ask(t, http.MethodGet, b.url(list), token, nil, "If-None-Match", tag); again.Status != http.StatusNotModified || len(again.Body) > 0 {
			t.Errorf("%s: the same again: %s", who, again)
		}
	}
	// Which entities name a stack is asked of Node's catalog, on behalf of the user.
	var page struct {
		Items         []struct{ ID string }
		EntitiesError any
	}
	if get(t, b.url("/api/spacelift-io/v1/stacks?entityRef=component:default/edge"), user, &page); len(page.Items) != 1 || page.EntitiesError != nil {
		t.Errorf("stacks of an entity: %+v", page)
	}
	if a := ask(t, http.MethodPost, b.url(list+"/prod-network/trigger"), user, nil); a.Status != http.StatusOK {
		t.Errorf("trigger: %s", a)
	}
}

// events wants a line of a stream soon after what it tells of, although the caller takes compressed answers.
func (b *bench) events(t *testing.T, user string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url("/api/spacelift-io/v1/events"), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+user)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "application/x-ndjson") {
		t.Fatalf("%s, %s", resp.Status, kind)
	}
	id := b.trigger(t)
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if strings.Contains(lines.Text(), id) {
			return
		}
	}
	t.Errorf("no line about %s: %v", id, lines.Err())
}

// forged wants the way back to Node's catalog closed to whoever is no plugin of Understudy.
func (b *bench) forged(t *testing.T) {
	part := func(fields map[string]any) string {
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	now := time.Now().Unix()
	signature := base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	for name, token := range map[string]string{
		"unsigned":         part(map[string]any{"typ": "vnd.backstage.plugin", "alg": "none"}) + "." + part(map[string]any{"sub": "rely", "aud": "catalog", "iat": now, "exp": now + 60}) + ".",
		"another's key":    part(map[string]any{"typ": "vnd.backstage.plugin", "alg": "ES256", "kid": "x"}) + "." + part(map[string]any{"sub": "rely", "aud": "catalog", "iat": now, "exp": now + 60}) + "." + signature,
		"another's name":   part(map[string]any{"typ": "vnd.backstage.plugin", "alg": "ES256", "kid": "x"}) + "." + part(map[string]any{"sub": "../../x", "aud": "catalog", "iat": now, "exp": now + 60}) + "." + signature,
		"no token at all":  "nonsense",
		"a shared secret?": part(map[string]any{"typ": "vnd.backstage.plugin", "alg": "HS256"}) + "." + part(map[string]any{"sub": "rely", "aud": "catalog", "iat": now, "exp": now + 60}) + "." + signature,
	} {
		if a := ask(t, http.MethodGet, b.url("/api/spacelift-io/.backstage/understudy/catalog/entities"), token, nil); a.Status != http.StatusUnauthorized {
			t.Errorf("%s: %s", name, a)
		}
	}
}

// trigger triggers the first stack that can be, as a service, and returns its id.
func (b *bench) trigger(t *testing.T) string {
	var all []struct{ ID string }
	get(t, b.url("/api/spacelift-io/stacks"), stage.Token, &all)
	var last stage.Answer
	for _, one := range all {
		if last = ask(t, http.MethodPost, b.url("/api/spacelift-io/stacks/"+one.ID+"/trigger"), stage.Token, nil); last.Status == http.StatusOK {
			return one.ID
		}
	}
	t.Fatalf("no stack can be triggered; the last said %s", last)
	return ""
}

// exports runs one at either literal address, without credentials as the configuration allows, and follows it to its end.
// That it reads anything says that Node's catalog takes Understudy's tokens: their keys come through the bridge.
func (b *bench) exports(t *testing.T) {
	for _, plugin := range []string{"rely", "rely-migration-plugin"} {
		answer := ask(t, http.MethodPost, b.url("/api/"+plugin+"/migrate?wait=25s"), "", nil)
		var begun struct{ RunID, ID, Status string }
		if err := answer.JSON(&begun); err != nil || answer.Status/100 != 2 {
			t.Errorf("%s: %s", plugin, answer)
			continue
		}
		var run struct {
			Status, Error string
			Counts        struct{ Read, Failed int }
		}
		id := begun.RunID + begun.ID
		if begun.RunID == begun.ID {
			id = begun.ID
		}
		until(t, "the export ends", func() bool {
			get(t, b.url("/api/"+plugin+"/runs/"+id), stage.Token, &run)
			return run.Status == "succeeded" || run.Status == "failed" || run.Status == "partial"
		})
		if run.Status != "succeeded" || run.Counts.Read < stage.Base {
			t.Errorf("%s: %+v", plugin, run)
		}
	}
}

// TestOwnFiles starts a binary that has a configuration of its own, that of examples/joined.
func TestOwnFiles(t *testing.T) {
	b := prepare(t)
	own, err := filepath.Abs("../../examples/joined/understudy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b.env["BACKSTAGE_INTERNAL_URL"] = b.Node.URL
	if set() == legacySet {
		b.env["BACKSTAGE_INTERNAL_URL"] = b.Node.URL + "/api/rely/.backstage/understudy"
		t.Skip("the entry of the joined configuration ends in /api/{{pluginId}}, and the legacy one does not")
	}
	b.bridge(t, map[string]any{"binary": map[string]any{
		"path": os.Getenv("UNDERSTUDY_BIN"), "config": []string{own}, "args": []string{"--only", "rely"},
	}})
	b.start(t)
	until(t, "the export is taken", func() bool {
		return ask(t, http.MethodGet, b.url("/api/rely/status"), stage.Token, nil).Status == http.StatusOK
	})
	if a := ask(t, http.MethodGet, b.url("/api/spacelift-io/stacks"), stage.Token, nil); a.Status != http.StatusNotFound {
		t.Errorf("--only leaves the other plugin out: %s", a)
	}
}

// TestAbsent starts Node where there is no binary: everything else lives, and the log and the callers are told.
func TestAbsent(t *testing.T) {
	b := prepare(t)
	missing := filepath.Join(t.TempDir(), "understudy")
	b.bridge(t, map[string]any{"binary": map[string]any{"path": missing}})
	b.start(t)
	b.says(t, "understudyBridge.binary.path: there is no '"+missing+"'")
	a := ask(t, http.MethodGet, b.url("/api/rely/status"), stage.Token, nil)
	if a.Status != http.StatusServiceUnavailable || !strings.HasPrefix(a.Message(), "ServiceUnavailableError: ") || a.Header.Get("Retry-After") == "" {
		t.Errorf("%s, Retry-After %q", a, a.Header.Get("Retry-After"))
	}
	// It is found as soon as it is there.
	if err := os.Symlink(os.Getenv("UNDERSTUDY_BIN"), missing); err != nil {
		t.Fatal(err)
	}
	b.serves(t)
}
