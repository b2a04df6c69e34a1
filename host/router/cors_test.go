package router_test

import (
	"net/http"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	age := 600.0
	// Rows of core.md 2.3. Empty wants mean: the header is absent.
	cases := []struct {
		name    string
		cors    *router.CORS
		method  string
		headers []string
		status  int
		want    map[string]string
	}{
		{
			name: "off: an ordinary request", method: http.MethodOptions, headers: []string{"Origin: http://app.example.com"}, status: 401,
			want: map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Accept-Encoding"},
		},
		{
			name: "preflight as recorded", cors: &router.CORS{Origins: []string{"http://app.example.com"}, Methods: []string{"GET", "POST", "PUT", "DELETE"}, Credentials: true},
			method: http.MethodOptions, headers: []string{"Origin: http://app.example.com", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization"}, status: 204,
			want: map[string]string{
				"Access-Control-Allow-Origin": "http://app.example.com", "Vary": "Origin, Access-Control-Request-Headers", "Access-Control-Allow-Credentials": "true",
				"Access-Control-Allow-Methods": "GET,POST,PUT,DELETE", "Access-Control-Allow-Headers": "authorization", "Access-Control-Max-Age": "",
			},
		},
		{
			name: "simple", cors: &router.CORS{Origins: []string{"http://app.example.com"}, Credentials: true, ExposedHeaders: []string{"X-A", "X-B"}},
			method: http.MethodGet, headers: []string{"Origin: http://app.example.com"}, status: 401,
			want: map[string]string{
				"Access-Control-Allow-Origin": "http://app.example.com", "Vary": "Origin, Accept-Encoding", "Access-Control-Allow-Credentials": "true",
				"Access-Control-Expose-Headers": "X-A,X-B", "Access-Control-Allow-Methods": "",
			},
		},
		{
			name: "defaults of a preflight", cors: &router.CORS{Origins: []string{"http://a"}, MaxAge: &age, OptionsStatus: 200}, method: http.MethodOptions,
			headers: []string{"Origin: http://a"}, status: 200,
			want: map[string]string{
				"Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE", "Access-Control-Allow-Headers": "", "Access-Control-Max-Age": "600",
				"Access-Control-Allow-Credentials": "",
			},
		},
		{
			name: "configured headers", cors: &router.CORS{Origins: []string{"http://a"}, AllowedHeaders: []string{"X-A", "X-B"}}, method: http.MethodOptions,
			headers: []string{"Origin: http://a", "Access-Control-Request-Headers: x-c"}, status: 204,
			want: map[string]string{"Access-Control-Allow-Headers": "X-A,X-B", "Vary": "Origin"},
		},
		{
			name: "no origin configured: any", cors: &router.CORS{}, method: http.MethodGet, headers: []string{"Origin: http://x"}, status: 401,
			want: map[string]string{"Access-Control-Allow-Origin": "*", "Vary": "Accept-Encoding"},
		},
		{
			name: "another origin: no headers, no answer to the preflight", cors: &router.CORS{Origins: []string{"http://a"}}, method: http.MethodOptions,
			headers: []string{"Origin: http://b"}, status: 401, want: map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Accept-Encoding"},
		},
		{
			name: "no origin sent", cors: &router.CORS{Origins: []string{"*"}}, method: http.MethodGet, status: 401,
			want: map[string]string{"Access-Control-Allow-Origin": ""},
		},
		{
			name: "preflight passed on", cors: &router.CORS{Origins: []string{"http://a"}, PreflightContinue: true}, method: http.MethodOptions,
			headers: []string{"Origin: http://a"}, status: 401, want: map[string]string{"Access-Control-Allow-Origin": "http://a"},
		},
		{
			name: "no origin is allowed", cors: &router.CORS{Origins: []string{}}, method: http.MethodGet, headers: []string{"Origin: http://a"}, status: 401,
			want: map[string]string{"Access-Control-Allow-Origin": ""},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, router.Config{CORS: c.cors}, router.Options{}, func(rt *router.Router) {
				p, err := rt.Plugin("catalog")
				if err != nil {
					t.Fatal(err)
				}
				p.Initialized()
			})
			a := f.do(c.method, "/api/catalog/x", "", c.headers...)
			if a.StatusCode != c.status {
				t.Errorf("status %d, want %d", a.StatusCode, c.status)
			}
			for name, want := range c.want {
				if got := a.Header.Get(name); got != want || len(a.Header.Values(name)) > 1 {
					t.Errorf("%s: %q, want %q", name, a.Header.Values(name), want)
				}
			}
			answered := c.status == 204 || c.status == 200
			if answered && (a.Header.Get("Content-Length") != "0" && c.status == 200 || a.Header.Get("Content-Security-Policy") == "") {
				t.Errorf("preflight: %v", a.Header)
			}
			if logged := len(f.logs.requests(t)) > 0; logged == answered {
				t.Errorf("logged %t; a preflight is answered before the log", logged)
			}
		})
	}
}

func TestCORSOrigins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		glob, origin string
		want         bool
	}{
		{"https://*.example.com", "https://app.example.com", true},
		{"https://*.example.com", "HTTPS://APP.Example.COM", true},
		{"HTTPS://*.Example.com", "https://app.example.com", true},
		{"https://*.example.com", "https://a.b.example.com", true},
		{"https://*.example.com", "https://example.com", false},
		{"https://*.example.com", "https://evil.com/.example.com", false},
		{"https://*.example.com", "https://app.example.com.evil.com", false},
		{"http://localhost:*", "http://localhost:3000", true},
		{"http://localhost:*", "http://localhost", false},
		{"*", "https://a", false},
		{"**", "https://a", false},
		{"https://**", "https://a/b", false},
		{"https://{a,b}.com", "https://b.com", true},
		{"https://{a,b}.com", "https://c.com", false},
		{"http://a?", "http://ab", true},
		{"http://a", "http://ab", false},
	} {
		f := start(t, router.Config{CORS: &router.CORS{Origins: []string{c.glob}}}, router.Options{}, nil)
		got := f.get("/x", "Origin: "+c.origin).Header.Get("Access-Control-Allow-Origin")
		if (got == c.origin) != c.want {
			t.Errorf("%s against %s: %q, want %t", c.origin, c.glob, got, c.want)
		}
	}
}
