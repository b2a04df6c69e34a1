package joined_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// refusedWith wants a status, and a message that begins with a text: Node adds causes to some.
func refusedWith(t *testing.T, name string, answer stage.Answer, status int, message string) {
	t.Helper()
	if answer.Status != status || !strings.HasPrefix(answer.Message(), message) {
		t.Errorf("%s: %s\nwant %d %s", name, answer, status, message)
	}
}

// external are callers from outside, whom both sides have the same entries for (core.md 4.8).
func (b *bench) external(t *testing.T, outsider *forger) {
	now := time.Now().Unix()
	claims := map[string]any{"sub": "robot", "iss": "https://issuer.example.com", "aud": "joined", "iat": now, "exp": now + 600}
	legacy := map[string]any{"sub": "backstage-server", "exp": now + 600}
	secret, err := base64.StdEncoding.DecodeString(legacySecret)
	if err != nil {
		t.Fatal(err)
	}
	old := &forger{}
	for _, c := range []struct{ name, token, subject string }{
		{"static", stage.Token, "joined"},
		{"legacy", old.hash(t, map[string]any{"kid": nil}, legacy, secret), "older"},
		{"jwks", outsider.sign(t, nil, claims), "external:outside:robot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var who principal
			get(t, b.theirs("/api/probe/whoami"), c.token, &who)
			if who.Type != "service" || !strings.HasSuffix(who.Subject, c.subject) {
				t.Errorf("Node takes the caller for %+v", who)
			}
			answer := ask(t, http.MethodPost, b.ours("/api/rely/migrate"), c.token, nil)
			var started struct{ RunID string }
			if err := answer.JSON(&started); err != nil || answer.Status != http.StatusAccepted {
				t.Fatalf("ours: %s", answer)
			}
			if got := b.finished(t, started.RunID); got.RequestedBy != c.subject {
				t.Errorf("we take the caller for %s", got.RequestedBy)
			}
		})
	}
	for name, token := range map[string]string{
		"jwks, of another issuer":   outsider.sign(t, nil, with(claims, map[string]any{"iss": "https://other.example.com"})),
		"jwks, for another service": outsider.sign(t, nil, with(claims, map[string]any{"aud": "other"})),
		"jwks, expired":             outsider.sign(t, nil, with(claims, map[string]any{"exp": now - 1})),
		"jwks, signed by another":   newForger(t).sign(t, map[string]any{"kid": outsider.kid}, claims),
		"legacy, another secret":    old.hash(t, map[string]any{"kid": nil}, legacy, []byte("another secret")),
		"static, almost":            stage.Token + "0",
	} {
		for side, url := range b.sides() {
			refusedWith(t, name+", "+side, ask(t, http.MethodGet, url, token, nil), http.StatusUnauthorized, "AuthenticationError: Illegal token")
		}
	}
	// Node answers it with 500 and the payload; we say no more than that it is no good.
	expired := old.hash(t, map[string]any{"kid": nil}, with(legacy, map[string]any{"exp": now - 1}), secret)
	refusedWith(t, "legacy, expired", ask(t, http.MethodGet, b.ours("/api/spacelift-io/stacks"), expired, nil),
		http.StatusUnauthorized, "AuthenticationError: Illegal token")
}

// sides are a route of either side that takes whoever is let in.
func (b *bench) sides() map[string]string {
	return map[string]string{"ours": b.ours("/api/spacelift-io/stacks"), "theirs": b.theirs("/api/probe/whoami")}
}

// restrictions hold where a caller arrives and where a plugin would pass them on (core.md 4.4, 4.8).
func (b *bench) restrictions(t *testing.T) {
	const only = "NotAllowedError: This token's access is restricted to plugin(s) "
	linked := "/api/spacelift-io/v1/stacks?entityRef=component:default/edge"
	refusedWith(t, "ours, not listed", ask(t, http.MethodGet, b.ours("/api/spacelift-io/stacks"), onlyProbe, nil), http.StatusForbidden, only+"'probe'")
	refusedWith(t, "ours, another of ours", ask(t, http.MethodGet, b.ours("/api/spacelift-io/stacks"), onlyRely, nil), http.StatusForbidden, only+"'rely'")
	refusedWith(t, "theirs, not listed", ask(t, http.MethodGet, b.theirs("/api/probe/whoami"), onlyRely, nil), http.StatusForbidden, only+"'rely'")
	get(t, b.ours("/api/rely/status"), onlyRely, &struct{}{})
	get(t, b.theirs("/api/probe/whoami"), onlyProbe, &struct{}{})

	// The permission that a token is limited to is the only one, although permissions are disabled.
	if answer := ask(t, http.MethodGet, b.ours("/api/spacelift-io/v1/stacks"), onlyRuns, nil); answer.Status != http.StatusForbidden {
		t.Errorf("a token for runs reads stacks: %s", answer)
	}

	// We pass callers on to Node's catalog only where their token lists it, without limits.
	get(t, b.ours(linked), withCatalog, &struct{}{})
	refusedWith(t, "our delegation, not listed", ask(t, http.MethodGet, b.ours(linked), onlySpacelift, nil),
		http.StatusForbidden, "NotAllowedError: Access to target plugin 'catalog' is not included in token's access restrictions")
	refusedWith(t, "our delegation, limited", ask(t, http.MethodGet, b.ours(linked), catalogReads, nil),
		http.StatusForbidden, "NotAllowedError: Access to target plugin 'catalog' is restricted and cannot be delegated")

	// Nor does a plugin of Node's pass them on to us; those of the oldest release do.
	if oldest() {
		return
	}
	answer := ask(t, http.MethodPost, b.theirs("/api/probe/call"), onlyProbe,
		map[string]any{"plugin": "spacelift-io", "path": "/stacks", "as": onBehalf})
	refusedWith(t, "their delegation", answer, http.StatusForbidden,
		"NotAllowedError: Access to target plugin 'spacelift-io' is not included in token's access restrictions")
}
