package joined_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// target is a plugin that a forged token is aimed at.
type target struct{ side, plugin, url string }

func (b *bench) targets() []target {
	return []target{
		{"ours", "spacelift-io", b.ours("/api/spacelift-io/stacks")},
		{"theirs", "probe", b.theirs("/api/probe/whoami")},
	}
}

var pluginHeader = map[string]any{"typ": "vnd.backstage.plugin"}

// The texts of core.md 4.3 to 4.5.
const (
	badPlugin  = "AuthenticationError: Failed plugin token verification"
	badUser    = "AuthenticationError: Failed user token verification"
	badSubject = "AuthenticationError: Invalid plugin token: forbidden subject format"
	noKeys     = "AuthenticationError: Received a plugin token where the source 'nobody' plugin unexpectedly does not have a JWKS endpoint"
	badToken   = "AuthenticationError: Illegal token"
	noToken    = "AuthenticationError: Missing credentials"
)

// refused are plugin tokens, all but the first two of each target bad. Their key is one that a plugin publishes, so that
// what each of them says is what it is refused for.
func (b *bench) refused(t *testing.T) {
	mallory := b.mallory(t)
	user := b.signIn(t, jane, platform)
	limited := cookieOf(t, b.theirs("/api/probe/.backstage/auth/v1/cookie"), user)
	for _, to := range b.targets() {
		now := time.Now().Unix()
		good := map[string]any{"sub": "mallory", "aud": to.plugin, "iat": now, "exp": now + 600}
		for name, claims := range map[string]map[string]any{
			"service": good, "on behalf": with(good, map[string]any{"obo": limited}),
		} {
			if answer := ask(t, http.MethodGet, to.url, mallory.sign(t, pluginHeader, claims), nil); answer.Status != http.StatusOK {
				t.Fatalf("%s, a good token, %s: %s", to.side, name, answer)
			}
		}
		said := func(changes map[string]any) string { return mallory.sign(t, pluginHeader, with(good, changes)) }
		obo := func(token string) string { return said(map[string]any{"obo": token}) }
		cases := map[string]struct{ token, message string }{
			"expired":                       {said(map[string]any{"iat": now - 7200, "exp": now - 1}), badPlugin},
			"for another plugin":            {said(map[string]any{"aud": "catalog"}), badPlugin},
			"for nobody":                    {said(map[string]any{"aud": nil}), badPlugin},
			"without a caller":              {said(map[string]any{"sub": nil}), ""},
			"without an end":                {said(map[string]any{"exp": nil}), badPlugin},
			"without a beginning":           {said(map[string]any{"iat": nil}), badPlugin},
			"signed as another plugin":      {said(map[string]any{"sub": "catalog"}), badPlugin},
			"signed as the plugin itself":   {said(map[string]any{"sub": to.plugin}), badPlugin},
			"of a plugin that is not there": {said(map[string]any{"sub": "nobody"}), noKeys},
			"of a path":                     {said(map[string]any{"sub": "../mallory"}), badSubject},
			"of an address":                 {said(map[string]any{"sub": "mallory@evil.example.com"}), badSubject},
			"signed by nobody":              {newForger(t).sign(t, pluginHeader, good), badPlugin},
			"signed with another's kid":     {newForger(t).sign(t, with(pluginHeader, map[string]any{"kid": mallory.kid}), good), badPlugin},
			"unsigned":                      {mallory.body(t, with(pluginHeader, map[string]any{"alg": "none"}), good) + ".", ""},
			"said to be unsigned":           {mallory.sign(t, with(pluginHeader, map[string]any{"alg": "none"}), good), badPlugin},
			"hashed with the PEM":           {mallory.hash(t, pluginHeader, good, mallory.pem(t)), badPlugin},
			"hashed with the JWK":           {mallory.hash(t, pluginHeader, good, []byte(mallory.public(t))), badPlugin},
			"altered":                       {altered(t, said(nil), "exp", now+60_000), badPlugin},
			"on behalf of a forged user":    {obo(mallory.sign(t, userHeader, userClaims("user:default/root"))), ""},
			"on behalf of an altered user":  {obo(altered(t, limited, "sub", "user:default/root")), ""},
			"on behalf of a prolonged user": {obo(altered(t, limited, "exp", now+60_000)), ""},
			"on behalf of a plugin":         {obo(said(nil)), ""},
			"on behalf of words":            {obo("words"), ""},
			"for another, on behalf":        {said(map[string]any{"aud": "catalog", "obo": limited}), badPlugin},
			"a user token as a plugin's":    {retyped(t, user, "vnd.backstage.plugin"), ""},
		}
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			c := cases[name]
			refusedWith(t, to.side+", "+name, ask(t, http.MethodGet, to.url, c.token, nil), http.StatusUnauthorized, asSaid(to, orAny(c.message)))
		}
	}
	// What is meant for one is no good for another of the same process.
	for name, token := range map[string]string{
		"rely": b.pluginToken(t, user, onBehalf, "rely"), "rely, a service": b.pluginToken(t, user, itself, "rely"),
	} {
		refusedWith(t, "a token for "+name, ask(t, http.MethodGet, b.ours("/api/spacelift-io/stacks"), token, nil), http.StatusUnauthorized, badPlugin)
	}
}

// asSaid is a text as the target has it: the oldest releases begin two of them otherwise, and add the cause.
func asSaid(to target, message string) string {
	if to.side != "theirs" || !oldest() {
		return message
	}
	switch message {
	case badPlugin:
		return "AuthenticationError: Invalid plugin token; caused by "
	case badUser:
		return "AuthenticationError: Invalid token; caused by "
	}
	return message
}

// orAny is for tokens that either side refuses with a text of its own.
func orAny(message string) string {
	if message == "" {
		return "AuthenticationError: "
	}
	return message
}

var userHeader = map[string]any{"typ": "vnd.backstage.user"}

func userClaims(ref string) map[string]any {
	now := time.Now().Unix()
	return map[string]any{"iss": "http://localhost/api/auth", "sub": ref, "aud": "backstage", "iat": now, "exp": now + 600}
}

// refusedUsers are user tokens that are not.
func (b *bench) refusedUsers(t *testing.T) {
	user := b.signIn(t, jane, platform)
	issuer, stranger := b.issuer(t), newForger(t)
	const root = "user:default/root"
	now := time.Now().Unix()
	for _, to := range b.targets() {
		for name, token := range map[string]string{"as issued": user, "of another key of the issuer": issuer.sign(t, userHeader, userClaims(root))} {
			if answer := ask(t, http.MethodGet, to.url, token, nil); answer.Status != http.StatusOK {
				t.Fatalf("%s, a good token, %s: %s", to.side, name, answer)
			}
		}
		for name, c := range map[string]struct{ token, message string }{
			"forged":               {stranger.sign(t, userHeader, userClaims(root)), badUser},
			"altered":              {altered(t, user, "sub", root), badUser},
			"prolonged":            {altered(t, user, "exp", now+60_000), badUser},
			"expired":              {issuer.sign(t, userHeader, with(userClaims(root), map[string]any{"exp": now - 1})), badUser},
			"endless":              {issuer.sign(t, userHeader, with(userClaims(root), map[string]any{"exp": nil})), badUser},
			"of nobody":            {issuer.sign(t, userHeader, with(userClaims(root), map[string]any{"sub": nil})), badUser},
			"unsigned":             {issuer.body(t, with(userHeader, map[string]any{"alg": "none"}), userClaims(root)) + ".", orAny("")},
			"hashed with the PEM":  {issuer.hash(t, userHeader, userClaims(root), issuer.pem(t)), badUser},
			"of an old kind":       {stranger.sign(t, nil, userClaims(root)), badUser},
			"limited":              {cookieOf(t, b.theirs("/api/probe/.backstage/auth/v1/cookie"), user), "AuthenticationError: Illegal limited user token"},
			"of an unknown kind":   {issuer.sign(t, map[string]any{"typ": "other"}, with(userClaims(root), map[string]any{"aud": "other"})), badToken},
			"no token":             {"words", badToken},
			"longer than a header": {strings.Repeat("x", 8000), badToken},
			"none":                 {"", noToken},
		} {
			answer := ask(t, http.MethodGet, to.url, c.token, nil)
			// The probe lets callers without credentials ask who they are.
			if name == "none" && to.side == "theirs" {
				answer = ask(t, http.MethodGet, b.theirs("/api/probe/user-only"), "", nil)
			}
			refusedWith(t, to.side+", "+name, answer, http.StatusUnauthorized, asSaid(to, c.message))
		}
		answer := ask(t, http.MethodGet, strings.Replace(to.url, "whoami", "user-only", 1), "", nil, "Authorization", "Basic "+user)
		refusedWith(t, to.side+", another scheme", answer, http.StatusUnauthorized, noToken)
	}
}

// wrongKind are good tokens of callers that a route is not for (core.md 4.9).
func (b *bench) wrongKind(t *testing.T) {
	user := b.signIn(t, jane, platform)
	const cookie = "/.backstage/auth/v1/cookie"
	const noService = "NotAllowedError: This endpoint does not allow 'service' credentials"
	for _, r := range []relayed{
		b.through(t, user, itself, "spacelift-io", http.MethodGet, cookie), b.through(t, user, itself, "probe", http.MethodGet, "/user-only"),
	} {
		refusedWith(t, "a service where a user is needed, "+r.URL, r.answer(), http.StatusForbidden, noService)
	}
	refusedWith(t, "an external caller, ours", ask(t, http.MethodGet, b.ours("/api/rely"+cookie), onlyRely, nil), http.StatusForbidden, noService)
	refusedWith(t, "a user where a service is needed, theirs", ask(t, http.MethodGet, b.theirs("/api/probe/service-only"), user, nil),
		http.StatusForbidden, "NotAllowedError: This endpoint does not allow 'user' credentials")
	// Conditions are for the permission backend: a user may not try them out, not even a signed-in one.
	const apply = "/.well-known/backstage/permissions/apply-conditions"
	answer := ask(t, http.MethodPost, b.ours("/api/spacelift-io"+apply), user, map[string]any{"items": []any{}})
	if answer.Status != http.StatusForbidden {
		t.Errorf("a user applies conditions: %s", answer)
	}
}
