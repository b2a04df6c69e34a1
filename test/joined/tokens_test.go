package joined_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

// External callers, the same on both sides.
const (
	onlyProbe     = "static-token-for-the-probe-only"
	onlyRely      = "static-token-for-rely-only-0000"
	onlySpacelift = "static-token-for-spacelift-only"
	withCatalog   = "static-token-for-two-plugins-00"
	catalogReads  = "static-token-for-reading-only-0"
	onlyRuns      = "static-token-for-runs-only-0000"
	legacySecret  = "bGVnYWN5LXNlY3JldC1vZi10aGUtam9pbmVkLXRlc3Rz"
)

func plugin(id string, limits ...string) map[string]any {
	m := map[string]any{"plugin": id}
	if len(limits) > 0 {
		m["permission"] = limits
	}
	return m
}

// TestTokens is about who lets whom in. Nothing on its stage is stopped.
func TestTokens(t *testing.T) {
	outsider := newForger(t)
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"keys":[` + outsider.public(t) + `]}`))
	}))
	t.Cleanup(keys.Close)
	b := start(t, stage.Options{
		Rely: unlimited(),
		Access: []stage.Access{
			stage.Static(onlyProbe, "only-probe", plugin("probe")),
			stage.Static(onlyRely, "only-rely", plugin("rely")),
			stage.Static(onlySpacelift, "only-spacelift", plugin("spacelift-io")),
			stage.Static(withCatalog, "with-catalog", plugin("spacelift-io"), plugin("catalog")),
			stage.Static(catalogReads, "catalog-reads", plugin("spacelift-io"), plugin("catalog", "catalog.entity.read")),
			stage.Static(onlyRuns, "only-runs", plugin("spacelift-io", "spacelift.run.read")),
			{Type: "legacy", Options: map[string]any{"secret": legacySecret, "subject": "older"}},
			{Type: "jwks", Options: map[string]any{
				"url": keys.URL, "issuer": "https://issuer.example.com", "audience": "joined", "algorithm": "ES256", "subjectPrefix": "outside",
			}},
		},
	})
	b.swept(t)
	t.Run("their calls of ours", b.theirCalls)
	t.Run("our calls of theirs", b.ourCalls)
	t.Run("cookie and user info", b.cookie)
	t.Run("external callers", func(t *testing.T) { b.external(t, outsider) })
	t.Run("restrictions", b.restrictions)
	t.Run("refused", b.refused)
	t.Run("refused user tokens", b.refusedUsers)
	t.Run("wrong kind", b.wrongKind)
	t.Run("documents of keys", b.documents)
	t.Run("doubled rows", b.doubled)
}

// unlimited is Rely's API without its delays.
func unlimited() rely.Options { return rely.Options{Limits: &rely.Limits{}, Timers: &rely.Timers{}} }

// theirCalls are those of a plugin on the Node side, as itself and on behalf of users (core.md 4.4, 4.9).
func (b *bench) theirCalls(t *testing.T) {
	user := b.signIn(t, jane, platform)
	for _, path := range []struct{ plugin, path string }{
		{"spacelift-io", "/stacks"}, {"spacelift-io", "/v1/stacks"}, {"rely", "/status"}, {"rely-migration-plugin", "/status"},
	} {
		for _, as := range []string{itself, onBehalf} {
			if r := b.through(t, user, as, path.plugin, http.MethodGet, path.path); r.Status != http.StatusOK {
				t.Errorf("%s%s, as %s: %s", path.plugin, path.path, as, r.answer())
			}
		}
	}
	// What we took the caller for is what an export is told to be requested by.
	for _, c := range []struct{ name, token, as, plugin, want string }{
		{"a service", stage.Token, itself, "rely", "plugin:probe"},
		{"a user", user, onBehalf, "rely", jane},
		{"a user, on the other mount", user, onBehalf, "rely-migration-plugin", jane},
		{"a service that a user called", user, itself, "rely", "plugin:probe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := b.through(t, c.token, c.as, c.plugin, http.MethodPost, "/migrate")
			var started struct{ RunID string }
			decode(t, r.Text, &started)
			if r.Status != http.StatusAccepted || started.RunID == "" {
				t.Fatalf("%s", r.answer())
			}
			if got := b.finished(t, started.RunID); got.RequestedBy != c.want || got.Status != "succeeded" {
				t.Errorf("the export is %+v, want one requested by %s", got, c.want)
			}
		})
	}
	var cookie struct{ ExpiresAt string }
	r := b.through(t, user, onBehalf, "spacelift-io", http.MethodGet, "/.backstage/auth/v1/cookie")
	if decode(t, r.Text, &cookie); r.Status != http.StatusOK || cookie.ExpiresAt == "" {
		t.Errorf("for the user behind a plugin: %s", r.answer())
	}
}

// ourCalls are reads of Node's catalog: by the export as itself, by the links of stacks on behalf of the caller.
func (b *bench) ourCalls(t *testing.T) {
	user := b.signIn(t, jane, platform)
	answer := ask(t, http.MethodPost, b.ours("/api/rely/migrate?full=true"), user, nil)
	var started struct{ RunID string }
	if err := answer.JSON(&started); err != nil || answer.Status != http.StatusAccepted {
		t.Fatalf("export: %s", answer)
	}
	if got := b.finished(t, started.RunID); got.Counts.Read != stage.Base || got.Status != "succeeded" {
		t.Errorf("the export is %+v, want all %d entities of Node's catalog read", got, stage.Base)
	}
	for name, token := range map[string]string{"user": user, "service": stage.Token} {
		if got := b.linked(t, token, "component:default/edge"); got != 1 {
			t.Errorf("%s: %d stacks of the component, want the one that its annotation names", name, got)
		}
		if got := b.linked(t, token, "component:default/none"); got != 0 {
			t.Errorf("%s: %d stacks of a component that is not there", name, got)
		}
	}
}

// linked is how many stacks an entity names.
func (b *bench) linked(t *testing.T, token, ref string) int {
	t.Helper()
	var page struct{ TotalItems int }
	get(t, b.ours("/api/spacelift-io/v1/stacks?entityRef="+ref), token, &page)
	return page.TotalItems
}

// cookie is about limited user tokens, which both sides derive alike (core.md 4.3, 5), and about what users own (6.2).
func (b *bench) cookie(t *testing.T) {
	user := b.signIn(t, jane, platform)
	const path = "/.backstage/auth/v1/cookie"
	ours := cookieOf(t, b.ours("/api/spacelift-io"+path), user)
	theirs := cookieOf(t, b.theirs("/api/probe"+path), user)
	if ours != theirs {
		t.Errorf("the limited tokens differ:\nours   %s\ntheirs %s", ours, theirs)
	}
	var who principal
	for name, headers := range map[string][]string{
		"cookie": {"Cookie", "backstage-auth=" + ours}, "header": {"Authorization", "Bearer " + ours},
	} {
		answer := ask(t, http.MethodGet, b.theirs("/api/probe/by-cookie"), "", nil, headers...)
		if err := answer.JSON(&who); err != nil || answer.Status != http.StatusOK || who.UserEntityRef != jane {
			t.Errorf("our limited token as a %s on Node: %s", name, answer)
		}
	}
	// A cookie that is good for long is left as it is.
	answer := ask(t, http.MethodGet, b.ours("/api/rely"+path), user, nil, "Cookie", "backstage-auth="+theirs)
	if answer.Status != http.StatusOK || answer.Header.Get("Set-Cookie") != "" {
		t.Errorf("their cookie on our side: %s %q", answer, answer.Header.Get("Set-Cookie"))
	}
	for name, url := range map[string]string{"ours": b.ours("/api/spacelift-io/stacks"), "theirs": b.theirs("/api/probe/user-only")} {
		refusedWith(t, name+", limited", ask(t, http.MethodGet, url, ours, nil), http.StatusUnauthorized, "AuthenticationError: Illegal limited user token")
	}
	var info struct{ OwnershipEntityRefs []string }
	get(t, b.theirs("/api/probe/userinfo"), user, &info)
	if len(info.OwnershipEntityRefs) != 2 {
		t.Errorf("Node's plugin sees that the user owns %v", info.OwnershipEntityRefs)
	}
	get(t, b.theirs("/api/auth/v1/userinfo"), ours, &struct{}{}) // as we ask it
}

// cookieOf is the token in the cookie that an endpoint sets.
func cookieOf(t *testing.T, url, token string) string {
	t.Helper()
	answer := ask(t, http.MethodGet, url, token, nil)
	for _, c := range (&http.Response{Header: answer.Header}).Cookies() {
		if c.Name == "backstage-auth" {
			return c.Value
		}
	}
	t.Fatalf("%s sets no cookie: %s", url, answer)
	return ""
}

// principal is one as Node's probe tells of it.
type principal struct {
	Type, Subject, UserEntityRef string
	Actor                        *struct{ Type, Subject string }
}

// documents are the keys that peers read before either side is let in (core.md 4.6).
func (b *bench) documents(t *testing.T) {
	type set struct {
		Keys []struct{ Kid, Kty, Alg string }
	}
	seen := map[string]string{}
	for _, url := range []string{
		b.ours("/api/spacelift-io"), b.ours("/api/rely"), b.theirs("/api/probe"), b.theirs("/api/catalog"), b.theirs("/api/mallory"),
	} {
		var keys set
		get(t, url+"/.backstage/auth/v1/jwks.json", "", &keys)
		for _, k := range keys.Keys {
			if other, twice := seen[k.Kid]; twice || k.Kty != "EC" || k.Kid == "" {
				t.Errorf("%s has the key %+v, as has %q", url, k, other)
			}
			seen[k.Kid] = url
		}
	}
}

// doubled are rows that the oldest release may write twice into its index when two of its workers meet; it then counts and
// lists their entity twice. Newer ones have an index against it.
func (b *bench) doubled(t *testing.T) {
	if !oldest() {
		t.Skip("that release cannot have them")
	}
	conn := b.connect(t, "catalog")
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), `INSERT INTO search SELECT * FROM search WHERE key = 'metadata.uid' LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	var page struct{ TotalItems int }
	if get(t, b.theirs("/api/catalog/entities/by-query?limit=0"), stage.Token, &page); page.TotalItems != stage.Base+1 {
		t.Fatalf("Node counts %d entities", page.TotalItems)
	}
	answer := ask(t, http.MethodPost, b.ours("/api/rely/migrate?full=true"), stage.Token, nil)
	var started struct{ RunID string }
	if err := answer.JSON(&started); err != nil || answer.Status != http.StatusAccepted {
		t.Fatalf("export: %s", answer)
	}
	if got := b.finished(t, started.RunID); got.Counts.Read != stage.Base || got.Status != "succeeded" {
		t.Errorf("the export is %+v, want each of the %d entities once", got, stage.Base)
	}
}
