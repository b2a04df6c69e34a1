package proxy

import (
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

// What JavaScript's String.replace makes of it, with Go's expressions.
func TestRewritesAreJavaScripts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ pattern, replacement, in, want string }{
		{`^/api/proxy/x/?`, `/`, `/api/proxy/x/y`, `/y`},
		{`^\/api\/proxy\/x`, ``, `/api/proxy/x/y`, `/y`},
		{`a`, `b`, `aaa`, `baa`},
		{`(\d+)-(\w+)`, `$2-$1`, `/12-ab`, `/ab-12`},
		{`(?<id>\d+)`, `<$<id>>`, `/12`, `/<12>`},
		{`(a)|(b)`, `[$1$2]`, `b`, `[b]`},
		{`b`, "$`|$&|$'|$$|$", `abc`, `aa|b|c|$|$c`},
		{`(b)`, `$1$01$10$2$0$x`, `abc`, `abbb0$2$0$xc`},
		{`(b)`, `$<name>`, `abc`, `a$<name>c`},
		{`[^]+`, `x`, "a\nb", `x`},
		{`[[a]`, `x`, `[`, `x`},
		{`[a\-z]+`, `x`, `b-`, `bx`},
		{`[\w.\-]+$`, `x`, `/a.b-c`, `/x`},
		{`\u002fv\x31`, `/w`, `/v1`, `/w`},
		{`\A\z`, `x`, `Az`, `x`},
		{`\_\-\/\:`, `x`, `_-/:`, `x`},
		{`é+`, `e`, `/éé`, `/e`},
		{`[\b]`, `x`, "\b", `x`},
		{`a{2}`, `x`, `caab`, `cxb`},
		{`a{`, `x`, `a{`, `x`},
		{`(?:a|b)c`, `x`, `bc`, `x`},
		{`\?.*$`, ``, `/x?y=1`, `/x`},
	} {
		compiled, err := compileJS(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		e := &endpoint{rewrites: []rewrite{{compiled, c.replacement}}}
		if got := e.rewritePath(c.in); got != c.want {
			t.Errorf("%s in %q to %q: %q, want %q", c.pattern, c.in, c.replacement, got, c.want)
		}
	}
	for pattern, want := range map[string]string{
		`(?=a)`: "looking ahead", `(?<!a)`: "looking ahead or behind", `(a)\1`: `\1`, `(?<a>b)\k<a>`: "a reference to a group", `[]`: "matches nothing", `a\`: "backslash",
		`*`: "missing argument", `a**`: "invalid nested",
	} {
		if _, err := compileJS(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// Whatever comes in, the target's host and base path stay in front, and nothing in the path climbs.
func FuzzLocate(f *testing.F) {
	for _, seed := range []string{
		"/x", "/../x", "/%2e%2e/x", "//evil.com", "http://evil.com/x", `\..\x`, "/..;/x", "/%252e%252e/", "/a?b?c#d", "", "?", "/%zz", "/%ff", "@evil", ":80/x",
	} {
		f.Add(seed, seed)
	}
	base := &loader{}
	f.Fuzz(func(t *testing.T, path, cut string) {
		e := &endpoint{}
		base.target(e, nil, "", "http://up.example.com/base/path")
		e.rewrites = []rewrite{defaultRewrite("/x")}
		if compiled, err := compileJS(cut); err == nil {
			e.rewrites = append([]rewrite{{compiled, ""}}, e.rewrites...)
		}
		u, err := e.locate(e.rewritePath("/api/proxy/x" + path))
		if err != nil {
			return
		}
		line := u.RequestURI()
		if u.Host != "up.example.com" || u.Scheme != "http" || u.User != nil || !strings.HasPrefix(line, "/base/path") {
			t.Fatalf("%q is sent to %s as %q", path, u.Host, line)
		}
		sent, _, _ := strings.Cut(line, "?")
		if rest := strings.TrimPrefix(sent, "/base/path"); rest != "" && rest[0] != '/' || router.Climbs(sent) {
			t.Fatalf("%q leaves the base: %q", path, line)
		}
		if strings.ContainsAny(line, " \r\n\t\x00#") {
			t.Fatalf("%q breaks the request line: %q", path, line)
		}
	})
}

// The gate and the routes see the same endpoint: what is open to anybody is taken by an endpoint that is.
func FuzzLevel(f *testing.F) {
	for _, seed := range []string{"/public", "/public/closed", "/PUBLIC/Closed/x", "/public//closed", "/public/..%2fclosed", "/publicx", "", "/"} {
		f.Add(seed)
	}
	endpoints := table{
		{route: "/public/closed", credentials: credentialsRequire},
		{route: "/public", credentials: credentialsOpen},
		{route: "/public/late", credentials: credentialsForward},
		{route: "/closed", credentials: credentialsRequire},
	}
	f.Fuzz(func(t *testing.T, path string) {
		level, decided := endpoints.level(path)
		taken := endpoints.find(path)
		if decided != (taken != nil) {
			t.Fatalf("%q: decided %v, taken %v", path, decided, taken)
		}
		if level.String() == "unauthenticated" && (taken == nil || !taken.open() || strings.HasPrefix(strings.ToLower(path), "/public/late/")) {
			t.Fatalf("%q is open", path)
		}
	})
}
