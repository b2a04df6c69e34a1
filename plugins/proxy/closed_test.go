package proxy_test

import (
	"net/http"
	"strings"
	"testing"
)

// spellings are ways to write /svc/admin/x that some target takes for it.
var spellings = []string{
	"/svc/admin/x", "/svc/ADMIN/x", "/svc//admin/x", "/svc/./admin/x", "/svc/%2e/admin/x", "/svc/%61dmin/x", "/svc/%2561dmin/x", "/svc/%252561dmin/x",
	"/svc/%2fadmin/x", "/svc/%2Fadmin%2Fx", "/svc/admin%2fx", "/svc/admin%252fx", "/svc/admin;a/x", "/svc/admin%3Ba/x", "/svc/;/admin/x", "/svc/;a=b/admin/x",
	"/svc/;%2fy/admin/x", "/svc/;%5cy/admin/x", "/svc/%3b%5cy/admin/x", `/svc/\admin/x`, `/svc/admin\x`, "/svc/%5cadmin/x", "/svc/admin./x",
	"/svc/admin%20/x", "/svc/admin%00/x", "/svc/admin%00y", "/svc/admin%3fy", "/svc/admin%23y", "/svc/%00/admin/x", "/svc/y/%252e%252e/admin/x",
	"/svc/y/../admin/x", "/svc/admin", "/svc//admin", "/svc/admin/", "/svc/admin?x=1", "/svc//admin?x=1",
}

// CVE-2026-106456: however a path is spelled, it is not more open than the one that the target may take it for. Neither
// is it for other methods.
func TestOtherSpellingsOfAClosedPath(t *testing.T) {
	t.Parallel()
	up := echo(t)
	for name, endpoints := range map[string]string{
		"the closed one first": `
			/svc/admin: {target: $UP/admin, allowedMethods: [GET]}
			/svc: {target: $UP, credentials: dangerously-allow-unauthenticated, ws: true}`,
		"the open one first": `
			/svc: {target: $UP, credentials: dangerously-allow-unauthenticated, ws: true}
			/svc/admin: {target: $UP/admin, allowedMethods: [GET]}`,
		"below the mount itself": `
			/: {target: $UP, credentials: dangerously-allow-unauthenticated, ws: true}
			/svc/%61dmin/: {target: $UP/admin, allowedMethods: [GET]}
			/svc/admin: {target: $UP/admin, allowedMethods: [GET]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, up.URL, endpoints)
			ask := func(method, path string, headers ...string) string {
				got, _, _ := strings.Cut(s.raw(method+" /api/proxy"+path+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+strings.Join(append(headers, ""), "\r\n")+"\r\n"), "\r\n")
				return got
			}
			for _, path := range spellings {
				if strings.Contains(path, "/../") {
					if got := ask(http.MethodGet, path); !strings.HasPrefix(got, "HTTP/1.1 400 ") && !strings.HasPrefix(got, "HTTP/1.1 401 ") {
						t.Errorf("%s:\n%s", path, got)
					}
					continue
				}
				for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PROPFIND"} {
					if got := ask(method, path); !strings.HasPrefix(got, "HTTP/1.1 401 ") {
						t.Errorf("%s %s, by nobody:\n%s", method, path, got)
					}
					want := "HTTP/1.1 404 "
					if method == http.MethodGet {
						want = "HTTP/1.1 200 "
					}
					if got := ask(method, path, "Authorization: Bearer "+bearer); !strings.HasPrefix(got, want) {
						t.Errorf("%s %s, want %s:\n%s", method, path, want, got)
					}
				}
				if got := ask(http.MethodGet, path, "Connection: Upgrade", "Upgrade: websocket"); !strings.HasPrefix(got, "HTTP/1.1 401 ") {
					t.Errorf("%s, a WebSocket:\n%s", path, got)
				}
				preflight := ask(http.MethodOptions, path, "Origin: http://evil.example.com", "Access-Control-Request-Method: POST")
				if !strings.HasPrefix(preflight, "HTTP/1.1 401 ") {
					t.Errorf("%s, a preflight:\n%s", path, preflight)
				}
			}
			for _, path := range []string{
				"/svc", "/svc/", "/svc//x", "/svc/x//y", "/svc/administration", "/svc/x/admin/y", "/svc/a%2Fb", "/svc/x;a=b", "/svc/admi%6e2", "/svc/.admin", "/svc/%20admin",
			} {
				for _, method := range []string{"GET", "POST"} {
					if got := ask(method, path); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
						t.Errorf("%s %s is open:\n%s", method, path, got)
					}
				}
			}
		})
	}
}

// An endpoint without a stricter one below it takes any spelling, as ever.
func TestAnOpenEndpointTakesAnySpelling(t *testing.T) {
	t.Parallel()
	up := echo(t)
	s := start(t, up.URL, `
		/closed/open: {target: $UP, credentials: dangerously-allow-unauthenticated}
		/closed: $UP
		/svc: {target: $UP, credentials: dangerously-allow-unauthenticated}
	`)
	for _, path := range []string{"/svc//x", "/svc/%252e%252e/closed", "/svc/;%2fx", "/closed/open//x", "/closed/open/%61;x", "/closed/open/%252e%252e/y"} {
		if a := s.get("/api/proxy"+path, "Authorization:"); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
}
