package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// What the configurations of core.md 10 make of paths.
func TestPaths(t *testing.T) {
	t.Parallel()
	up := echo(t)
	s := start(t, up.URL, `
		/up: $UP/base
		/nobase/: {target: '$UP/base/', prependPath: false}
		/fixed: {target: '$UP/base/x', ignorePath: true}
		/query: $UP/base?key=1
		/rewrite: {target: $UP, pathRewrite: {'^/api/proxy/rewrite/old/(\d+)': '/new/$1', '^/api/proxy/rewrite/': '/'}}
		/search: {target: $UP, pathRewrite: {'\?q=(.*)$': '/find/$1', x: 'y'}}
		/none: {target: $UP, pathRewrite: {}}
		/upper/nested: $UP/nested
		/a.b: $UP/dots
		/: $UP/root
	`)
	for path, want := range map[string]string{
		"/api/proxy/up/foo?x=1":             "/base/foo?x=1",
		"/api/proxy/up":                     "/base/",
		"/api/proxy/up/":                    "/base/",
		"/api/proxy/up/a%2Fb%20c?y=a%20b&z": "/base/a%2Fb%20c?y=a%20b&z",
		"/api/proxy/up/a;b=c":               "/base/a;b=c",
		"/api/proxy/up?q=1;2":               "/base/?q=1;2",
		"/api/proxy/up//evil.com//x":        "/base/evil.com/x",
		"/api/proxy/up/%252e%252e/secret":   "/base/%252e%252e/secret",
		"/api/proxy/up/http://x":            "/base/http://x",
		"/api/proxy/up/.../x":               "/base/.../x",
		"/api/proxy/UP/foo":                 "/base/api/proxy/UP/foo", // the default rewrite minds the letter case
		"/API/proxy/up/foo":                 "/base/API/proxy/up/foo",
		"/api/proxy/upper/foo":              "/root/upper/foo", // not /up
		"/api/proxy/upper/nested/foo":       "/nested/foo",
		"/api/proxy/a.b/c":                  "/dots/c",
		"/api/proxy/axb/c":                  "/root/axb/c",
		"/api/proxy":                        "/root/",
		"/api/proxy/nobase/foo":             "/foo",
		"/api/proxy/fixed/foo?x=1":          "/base/x",
		"/api/proxy/query/foo?x=1":          "/base/foo?key=1&x=1",
		"/api/proxy/query/foo":              "/base/foo?key=1",
		"/api/proxy/rewrite/old/7/x":        "/new/7/x",
		"/api/proxy/rewrite/other":          "/other",
		"/api/proxy/search/x?q=a%20b":       "/api/proxy/search/x/find/a%20b",
		"/api/proxy/search/x":               "/api/proyy/search/x", // once only
		"/api/proxy/none/x":                 "/api/proxy/none/x",
	} {
		a := s.get(path)
		if a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
			continue
		}
		if got := a.seen(t).URL; got != want {
			t.Errorf("%s: the target sees %s, want %s", path, got, want)
		}
	}
}

// CVE-2026-106491: no form of ".." leaves the target's path, and nothing leaves the target.
func TestThePathCannotBeLeft(t *testing.T) {
	t.Parallel()
	up := echo(t)
	s := start(t, up.URL, `
		/up: $UP/base
		/cut: {target: $UP/base, pathRewrite: {'^/api/proxy/cut': '', 'X': ''}}
		/dots: {target: $UP/base, pathRewrite: {X: ''}}
		/public: {target: $UP/base, credentials: dangerously-allow-unauthenticated}
	`)
	for _, path := range []string{
		"/up/../secret", "/up/..", "/up/x/../../secret", "/up/%2e%2e/secret", "/up/%2E./secret", "/up/.%2e", "/up/..%2fsecret", "/up/%2e%2e%2fsecret",
		`/up/..\secret`, "/up/..%5csecret", "/up/%2e%2e%5Csecret", "/up/x%5c..%5c..%5csecret", "/up/..;/secret", "/up/..;x=y/secret", "/up/%2e%2e;/secret",
		"/up/..%00/secret", "/up/..%00x/secret", "/up/..%20/secret", "/up/..%0a/secret", "/up/%c0%ae%c0%ae/secret", "/up/%ff", "/up/a%80b", "/up/%2e%2e", "/../up/x", "/nope/../up/x",
		"/dots/.X./secret", "/dots/.X.%2fsecret", "/public/..%2f..%2fsecret",
	} {
		got := s.raw("GET /api/proxy" + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + bearer + "\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.HasSuffix(got, "\r\n\r\nBad Request") || !strings.Contains(got, "X-Content-Type-Options") {
			t.Errorf("%s:\n%s", path, got)
		}
	}
	// These net/http refuses before anybody else sees them.
	for _, path := range []string{"/up/%zz", "/up/%"} {
		got := s.raw("GET /api/proxy" + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + bearer + "\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%s:\n%s", path, got)
		}
	}
	// A URL in the place of the path stays a path.
	for path, want := range map[string]string{
		"/cut/http://evil.com/x": "/base/http://evil.com/x", "/cut//evil.com/x": "/base/evil.com/x", "/cut@evil.com/x": "", "/up/@evil.com/x": "/base/@evil.com/x",
		"/up/%2f%2fevil.com": "/base/%2f%2fevil.com", "/cut/:80/x": "/base/:80/x",
	} {
		a := s.get("/api/proxy" + path)
		if want == "" {
			if a.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %d", path, a.StatusCode)
			}
			continue
		}
		if got := a.seen(t); got.URL != want || got.Host != strings.TrimPrefix(up.URL, "http://") {
			t.Errorf("%s: %s at %s, want %s", path, got.URL, got.Host, want)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	up := echo(t)
	s := start(t, up.URL, `
		/closed: $UP
		/forward: {target: $UP, credentials: forward}
		/public/closed: $UP
		/public: {target: $UP, credentials: dangerously-allow-unauthenticated}
		/public/later: $UP
		/public/later/open: {target: $UP, credentials: dangerously-allow-unauthenticated}
		/adds: {target: $UP, headers: {authorization: 'Bearer upstream-secret-value'}}
		/basic: {target: $UP, auth: 'jane:upstream-secret-value'}
		/both: {target: $UP, auth: 'jane:upstream-secret-value', credentials: forward}
		/getonly: {target: $UP, allowedMethods: [get]}
	`)
	const none, bad = "Authorization:", "Authorization: Bearer nonsense"
	for _, c := range []struct {
		path, with string
		status     int
		passed     string
	}{
		{"/closed/x", "", 200, ""},
		{"/closed/x", none, 401, ""},
		{"/closed/x", bad, 401, ""},
		{"/CLOSED/x", none, 401, ""},
		{"/forward/x", "", 200, "Bearer " + bearer},
		{"/forward/x", none, 401, ""},
		{"/public/x", none, 200, ""},
		{"/public/x", bad, 200, ""}, // nobody looks
		{"/public", none, 200, ""},
		{"/PUBLIC/x", none, 200, ""},
		{"/public/closed/x", none, 401, ""}, // CVE-2026-106456
		{"/public/closed/x", "", 200, ""},
		{"/public/CLOSED/x", none, 401, ""},
		{"/public/closedx", none, 200, ""},
		{"/public//closed/x", none, 401, ""}, // the target sees it without the second slash
		{"/public//closed/x", "", 200, ""},
		{"/public/later/x", none, 401, ""}, // its own rule, though the parent takes it
		{"/public/later/open", none, 401, ""},
		{"/publicx", none, 401, ""},
		{"/nope", none, 401, ""},
		{"/nope", "", 404, ""},
		{"/", none, 401, ""},
		{"", none, 401, ""},
		{"/public/..%2fclosed/x", none, 400, ""},
		{"/adds/x", "", 200, "Bearer " + secret},
		{"/basic/x", "", 200, "Basic amFuZTp1cHN0cmVhbS1zZWNyZXQtdmFsdWU="},
		{"/both/x", "", 200, "Bearer " + bearer},
		{"/getonly/x", "", 200, ""},
		{"/.backstage/auth/v1/cookie", none, 401, ""},
	} {
		a := s.get("/api/proxy"+c.path, headerList(c.with)...)
		if a.StatusCode != c.status {
			t.Errorf("%s with %q: %d, want %d\n%s", c.path, c.with, a.StatusCode, c.status, a.body)
			continue
		}
		if c.status == 200 {
			if got := a.seen(t).Header.Get("Authorization"); got != c.passed {
				t.Errorf("%s with %q: the target sees Authorization %q, want %q", c.path, c.with, got, c.passed)
			}
		}
	}
	a := s.do(http.MethodPost, "/api/proxy/getonly/x", "body")
	if a.StatusCode != http.StatusNotFound || a.body != "" || a.Header.Get("Content-Type") != "" {
		t.Errorf("another method: %d %q", a.StatusCode, a.body)
	}
	if a := s.do(http.MethodPost, "/api/proxy/getonly/x", "body", none); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("another method, without credentials: %d", a.StatusCode)
	}
	// TRACE would show what the configuration adds.
	if a := s.do("TRACE", "/api/proxy/adds/x", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("TRACE: %d", a.StatusCode)
	}
}

func headerList(with string) []string {
	if with == "" {
		return nil
	}
	return []string{with}
}

// The policy of the whole backend counts here too, also for what an open parent holds.
func TestWithoutTheDefaultPolicyAllIsOpen(t *testing.T) {
	t.Parallel()
	up := echo(t)
	s := serve(t, ", dangerouslyDisableDefaultAuthPolicy: true", "proxy: {endpoints: {/public/closed: '"+up.URL+"', /public: {target: '"+up.URL+"', credentials: dangerously-allow-unauthenticated}}}\n")
	for _, path := range []string{"/api/proxy/public/closed/x", "/api/proxy/public/x"} {
		if a := s.get(path, "Authorization:"); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
}

// The allow lists, both ways (core.md 10).
func TestHeaders(t *testing.T) {
	t.Parallel()
	up := echo(t)
	s := start(t, up.URL, `
		/plain: $UP
		/more: {target: $UP, allowedHeaders: [x-custom, Set-Cookie, ETAG, location, if-none-match, x-forwarded-for], headers: {X-Added: added, X-Number: 5, X-List: [a, b]}, xfwd: true}
		/host: {target: $UP, changeOrigin: false}
		/named: {target: $UP, headers: {Host: other.example.com}}
		/cookies: {target: $UP, allowedHeaders: [set-cookie], cookieDomainRewrite: {up.example.com: portal.example.com}, cookiePathRewrite: ''}
	`)
	send := []string{
		"X-Custom: c", "X-Other: o", "Cookie: backstage-auth=1", "User-Agent: tests/1", "Accept: text/plain", "Accept-Language: en", "Referer: http://r",
		"Accept-Encoding: br", "X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil", "Forwarded: for=x", "If-None-Match: \"x\"", "Connection: close, X-Custom",
		"Te: trailers", "Upgrade: websocket", "Content-Type: text/x", "Cache-Control: no-cache", "Proxy-Authorization: Basic x", "Range: bytes=1-2",
	}
	host := strings.TrimPrefix(up.URL, "http://")
	a := s.do(http.MethodPost, "/api/proxy/plain/x", "text", send...)
	if diff := cmp.Diff(seen{
		Method: "POST", URL: "/x", Host: host, Body: "text",
		Header: http.Header{
			"User-Agent": {"tests/1"}, "Accept": {"text/plain"}, "Accept-Language": {"en"}, "Content-Type": {"text/x"}, "Cache-Control": {"no-cache"}, "Content-Length": {"4"},
		},
	}, a.seen(t)); diff != "" {
		t.Errorf("the request (-want +got):\n%s", diff)
	}
	for _, name := range []string{"Set-Cookie", "X-Upstream", "X-Custom", "Etag", "Location", "Access-Control-Allow-Origin"} {
		if v, ok := a.Header[name]; ok {
			t.Errorf("the answer has %s: %s", name, v)
		}
	}
	if a.Header.Get("Content-Language") != "en" || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the answer lacks headers: %v", a.Header)
	}

	send[0] = "X-Custom: mine"
	send[12] = "Connection: close"
	a = s.get("/api/proxy/more/x", send...)
	got := a.seen(t).Header
	for name, want := range map[string]string{
		"X-Custom": "mine", "X-Added": "added", "X-Number": "5", "If-None-Match": `"x"`, "X-Forwarded-For": "10.0.0.1,127.0.0.1", "X-Forwarded-Proto": "http",
		"X-Forwarded-Host": strings.TrimPrefix(s.url, "http://"), "X-Other": "", "Cookie": "", "Authorization": "", "Forwarded": "", "Upgrade": "", "Te": "",
	} {
		if got.Get(name) != want {
			t.Errorf("the target sees %s: %q, want %q", name, got.Get(name), want)
		}
	}
	if diff := cmp.Diff([]string{"a", "b"}, got["X-List"]); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{"X-Custom": "from-upstream", "Etag": `"upstream"`, "Location": "/elsewhere", "Set-Cookie": "a=b; Domain=up.example.com; Path=/base", "X-Added": ""} {
		if a.Header.Get(name) != want {
			t.Errorf("the answer has %s: %q, want %q", name, a.Header.Get(name), want)
		}
	}
	if got := s.get("/api/proxy/host/x").seen(t).Host; got != strings.TrimPrefix(s.url, "http://") {
		t.Errorf("changeOrigin false: %s", got)
	}
	if got := s.get("/api/proxy/named/x").seen(t).Host; got != "other.example.com" {
		t.Errorf("a Host of its own: %s", got)
	}
	if got := s.get("/api/proxy/cookies/x").Header.Get("Set-Cookie"); got != "a=b; Domain=portal.example.com" {
		t.Errorf("cookie rewrites: %s", got)
	}
}

func TestLocationsAreRewritten(t *testing.T) {
	t.Parallel()
	up := target(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", strings.Replace(r.URL.Query().Get("to"), "SELF", "http://"+r.Host, 1))
		w.WriteHeader(http.StatusFound)
	})
	s := start(t, up.URL, `
		/auto: {target: $UP, allowedHeaders: [location], autoRewrite: true}
		/host: {target: $UP, allowedHeaders: [location], hostRewrite: portal.example.com, protocolRewrite: https}
		/kept: {target: $UP, allowedHeaders: [location]}
		/closed: {target: $UP, autoRewrite: true}
	`)
	for path, want := range map[string]string{
		"/auto?to=SELF/x":            s.url + "/x",
		"/auto?to=http://other/x":    "http://other/x",
		"/host?to=SELF/x":            "https://portal.example.com/x",
		"/kept?to=http://other.io/x": "http://other.io/x",
		"/closed?to=SELF/x":          "",
	} {
		if got := s.get("/api/proxy" + path).Header.Get("Location"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestMetricsAndAudit(t *testing.T) {
	t.Parallel()
	up := echo(t)
	s := start(t, up.URL, "/up: {target: $UP, headers: {Authorization: Bearer "+secret+"}}\n/other: $UP\n")
	s.get("/api/proxy/up/x")
	s.get("/api/proxy/nope")
	if n := testutil.CollectAndCount(s.metrics, "understudy_proxy_request_seconds"); n != 1 {
		t.Errorf("%d series of durations", n)
	}
	if n := testutil.CollectAndCount(s.metrics, "understudy_proxy_requests_in_flight"); n != 2 {
		t.Errorf("%d series of requests in flight", n)
	}
	if !strings.Contains(s.logs.String(), "proxy.request") || !strings.Contains(s.logs.String(), "external:tests") && !strings.Contains(s.logs.String(), "tests") {
		t.Errorf("no audit event:\n%s", s.logs)
	}
}
