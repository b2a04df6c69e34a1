package auth

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/router"
)

func TestCookie(t *testing.T) {
	t.Parallel()
	const path = "/api/catalog/.backstage/auth/v1/cookie"
	for _, tc := range []struct{ name, base, domain, attributes string }{
		{"plain", "http://127.0.0.1:7017", "127.0.0.1", "HttpOnly; Priority=High; SameSite=Lax"},
		{"TLS", "https://bs.example.com", "bs.example.com", "HttpOnly; Secure; Priority=High; SameSite=None"},
		{"localhost", "http://localhost:7007", "localhost", "HttpOnly; Secure; Priority=High; SameSite=None"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			clk := newClock()
			iss := newIssuer(clk.Now)
			b := newBackend(t, clk, iss, "backend: { baseUrl: '"+tc.base+"' }\n")
			user := iss.user(t, "user:default/jane")
			short := limited(t, user)
			end := clk.Now().Add(time.Hour).UTC()
			a := b.call(t, http.MethodGet, path, bearer(user))
			if want := `{"expiresAt":"` + end.Format("2006-01-02T15:04:05.000Z") + `"}`; a.status != 200 || a.body != want {
				t.Errorf("%+v, want %s", a, want)
			}
			want := "backstage-auth=" + short + "; Domain=" + tc.domain + "; Path=/; Expires=" + end.Format(http.TimeFormat) + "; " + tc.attributes
			if got := a.header.Values("Set-Cookie"); len(got) != 1 || got[0] != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}

			a = b.call(t, http.MethodDelete, path, bearer(user))
			want = "backstage-auth=; Domain=" + tc.domain + "; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; " + tc.attributes
			if got := a.header.Values("Set-Cookie"); a.status != 204 || a.body != "" || len(got) != 1 || got[0] != want {
				t.Errorf("delete: %+v", a)
			}
			if n := strings.Count(b.audits.String(), "isAuditEvent=true"); n != 1 {
				t.Errorf("%d audit events, want 1", n)
			}
			b.noSecrets(t, user, short)
		})
	}
}

func TestCookieForWhom(t *testing.T) {
	t.Parallel()
	const path = "/api/catalog/.backstage/auth/v1/cookie"
	clk := newClock()
	iss := newIssuer(clk.Now)
	b := newBackend(t, clk, iss, externalYAML)
	jane := iss.user(t, "user:default/jane")
	old := limited(t, jane)
	if a := b.call(t, http.MethodGet, path); a.status != 401 || a.message != "Missing credentials" {
		t.Errorf("nobody: %+v", a)
	}
	if a := b.call(t, http.MethodDelete, path); a.status != 401 {
		t.Errorf("nobody deletes: %+v", a)
	}
	if a := b.call(t, http.MethodGet, path, bearer(staticToken)); a.status != 403 || a.message != "This endpoint does not allow 'service' credentials" {
		t.Errorf("service: %+v", a)
	}
	if a := b.call(t, http.MethodDelete, "/api/open/.backstage/auth/v1/cookie"); a.status != 204 {
		t.Errorf("nobody deletes where the root is open: %+v", a)
	}
	if a := b.call(t, http.MethodGet, "/api/open/.backstage/auth/v1/cookie"); a.status != 401 {
		t.Errorf("nobody, where the root is open: %+v", a)
	}

	clk.add(10 * time.Minute)
	fresh := iss.user(t, "user:default/jane")
	oldEnd := clk.Now().Add(50 * time.Minute).UTC().Format("2006-01-02T15:04:05.000Z")
	a := b.call(t, http.MethodGet, path, bearer(fresh), cookie(old))
	if a.header.Get("Set-Cookie") != "" || !strings.Contains(a.body, oldEnd) {
		t.Errorf("a good cookie is replaced: %+v", a)
	}
	if a := b.call(t, http.MethodGet, path, bearer(iss.user(t, "user:default/joe")), cookie(old)); a.header.Get("Set-Cookie") == "" {
		t.Error("joe is left with jane's cookie")
	}
	if a := b.call(t, http.MethodGet, path, bearer(fresh), cookie("rubbish")); a.header.Get("Set-Cookie") == "" {
		t.Error("a bad cookie is kept")
	}
	clk.add(45 * time.Minute)
	if a := b.call(t, http.MethodGet, path, bearer(fresh), cookie(old)); a.header.Get("Set-Cookie") == "" {
		t.Error("a cookie with five minutes to go is kept")
	}
}

func TestMountTwice(t *testing.T) {
	t.Parallel()
	clk := newClock()
	b := newBackend(t, clk, nil, "{}")
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin("catalog")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Mount(routes, "catalog", noDatabase); err == nil {
		t.Error("no error")
	}
}

func TestBearerOfManyHeaders(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.Header["Authorization"] = []string{"Basic x", "Bearer y"}
	if got := Bearer(r); got != "" {
		t.Errorf("got %q", got)
	}
	for header, want := range map[string]string{"Bearer a\u00a0b": "", "BEARER  a.b-c_~+/=": "a.b-c_~+/=", "Bearer": "", " Bearer a": "", "Bearer a ": ""} {
		r.Header.Set("Authorization", header)
		if got := Bearer(r); got != want {
			t.Errorf("%q: got %q", header, got)
		}
	}
}
