package proxy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/config"
)

func parse(t *testing.T, yaml string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(yaml), []string{"TOKEN=secret-token"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Every mistake names file, line and key, and says what to do.
func TestProblems(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"proxy:\n  endpoints: {}": "",
		"proxy: 5":                "app-config.yaml:1: proxy: an object is wanted here; write endpoints below it",
		"proxy:\n  endpoints: 5":  "app-config.yaml:2: proxy.endpoints: an object is wanted here; write paths and targets below it, such as '/github': https://api.github.com",
		"proxy:\n  endpoint: {}":  "warning: app-config.yaml:2: proxy.endpoint: is not read; did you mean 'endpoints'?",
		"proxy:\n  rely: {}":      "warning: app-config.yaml:2: proxy.rely: is not read; an endpoint is written below proxy.endpoints, and begins with a slash",
		"proxy:\n  /x: http://h":  "warning: app-config.yaml:2: proxy./x: endpoints directly below proxy are deprecated in Backstage; move it below proxy.endpoints",
		"proxy:\n  endpoints: {/y: 'http://h'}\n  /x: http://h":                                            "warning: app-config.yaml:3: proxy./x: is ignored, as Backstage does, because proxy.endpoints exists; remove it, or move it there",
		"proxy:\n  endpoints:\n    x: http://h":                                                            "warning: app-config.yaml:3: proxy.endpoints.x: does not begin with a slash, and is served as '/x' all the same; write '/x'",
		"proxy:\n  endpoints:\n    /x: h:80":                                                               "app-config.yaml:3: proxy.endpoints./x: is not a URL with http or https and a host; write a URL such as https://api.example.com/base",
		"proxy:\n  endpoints:\n    /x: 'http://u:secret-pw@h\u007f'":                                       "app-config.yaml:3: proxy.endpoints./x: is not a URL; write a URL such as https://api.example.com/base",
		"proxy:\n  endpoints:\n    /x: [http://h]":                                                         "app-config.yaml:3: proxy.endpoints./x: a URL or an object is wanted here; write a URL such as https://api.example.com/base, or an object with target",
		"proxy:\n  endpoints:\n    /x: {}":                                                                 "app-config.yaml:3: proxy.endpoints./x.target: is required; write a URL such as https://api.example.com/base",
		"proxy:\n  endpoints:\n    /x: {target: '${GONE}'}":                                                "app-config.yaml:3: proxy.endpoints./x.target: is required; missing because ${GONE} is not set",
		"proxy:\n  endpoints:\n    /x: {target: 5}":                                                        "app-config.yaml:3: proxy.endpoints./x.target: a text is wanted here; write a URL such as https://api.example.com/base",
		"proxy:\n  endpoints:\n    /x: http://h/a/../b":                                                    "app-config.yaml:3: proxy.endpoints./x: has '..' in its path; write the path that is meant",
		"proxy:\n  endpoints:\n    /x/:id: http://h":                                                       "app-config.yaml:3: proxy.endpoints./x/:id: patterns are not supported in an endpoint's path; write the path out; everything below it is passed on anyway",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', credentials: none}":                            "app-config.yaml:3: proxy.endpoints./x.credentials: Unknown credentials policy 'none' for proxy route '/x'; expected one of 'require', 'forward', 'dangerously-allow-unauthenticated'",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', pathRewrite: '^/'}":                            "app-config.yaml:3: proxy.endpoints./x.pathRewrite: an object is wanted here; write expressions and what takes their place, such as '^/api/proxy/github/': '/'",
		"proxy:\n  endpoints:\n    /x:\n      target: http://h\n      pathRewrite:\n        '^/(?!a)': /b": "app-config.yaml:6: proxy.endpoints./x.pathRewrite.^/(?!a): looking ahead or behind, (?!…), is not supported; write one rule for each case: the first one that fits is applied, so what must not be changed comes first and is replaced by $&",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', pathRewrite: {'(a': b}}":                       "app-config.yaml:3: proxy.endpoints./x.pathRewrite.(a: the expression cannot be read: missing closing ): `(a`",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', headers: {'a b': c}}":                          "app-config.yaml:3: proxy.endpoints./x.headers.a b: is not the name of a header; a name consists of letters, digits and -",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', headers: {a: \"b\\nc\"}}":                      "app-config.yaml:3: proxy.endpoints./x.headers.a: is not the value of a header; write a text without line ends",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', headers: {Connection: close}}":                 "warning: app-config.yaml:3: proxy.endpoints./x.headers.Connection: is not sent: it belongs to the connection, which the proxy sees to; leave it out",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', allowedMethods: GET}":                          "app-config.yaml:3: proxy.endpoints./x.allowedMethods: a list of texts is wanted here; write a list such as [GET, POST]",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', allowedMethods: []}":                           "warning: app-config.yaml:3: proxy.endpoints./x.allowedMethods: is empty, so that every request gets 404; leave the key out to allow all",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', allowedHeaders: [Authorization]}":              "warning: app-config.yaml:3: proxy.endpoints./x.allowedHeaders: the caller's Backstage token is passed on to the target; if that is meant, write credentials: forward",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', allowedHeaders: [accept-encoding]}":            "warning: app-config.yaml:3: proxy.endpoints./x.allowedHeaders: accept-encoding is allowed and content-encoding is not: callers cannot tell what is compressed; allow content-encoding too",
		"proxy:\n  endpoints:\n    /x: {target: 'https://h', secure: false}":                               "warning: app-config.yaml:3: proxy.endpoints./x.secure: the target's certificate is not checked; anybody on the way can read and change what passes",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', secure: maybe}":                                "app-config.yaml:3: proxy.endpoints./x.secure: cannot be read as a boolean; write true or false",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', proxyTimeout: soon}":                           "app-config.yaml:3: proxy.endpoints./x.proxyTimeout: is not a number of milliseconds; write a number of milliseconds, such as 30000",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', auth: secret-pw}":                              "app-config.yaml:3: proxy.endpoints./x.auth: is not a user and a password; write user:password",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', logLevel: debug}":                              "warning: app-config.yaml:3: proxy.endpoints./x.logLevel: has no effect; requests are logged at debug and failures at warn; set backend.logger.level",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', preserveHeaderKeyCase: false}":                 "",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', preserveHeaderKeyCase: true}":                  "warning: app-config.yaml:3: proxy.endpoints./x.preserveHeaderKeyCase: has no effect; names of headers are sent in their usual form, such as X-Api-Key, which targets must take for the same",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', router: {a: 'http://b'}}":                      "warning: app-config.yaml:3: proxy.endpoints./x.router: has no effect; every request goes to target; write an endpoint for each other target",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', allowed-header: [a]}":                          "warning: app-config.yaml:3: proxy.endpoints./x.allowed-header: is not read; did you mean 'allowedHeaders'?",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', colour: red}":                                  "warning: app-config.yaml:3: proxy.endpoints./x.colour: is not read; docs/proxy.md lists what is read",
		"proxy:\n  endpoints:\n    /x: http://h\n    /X/y: http://h":                                       "warning: app-config.yaml:4: proxy.endpoints./X/y: never gets a request, because '/x' comes first and takes everything at and below it; put it before that one",
		"proxy:\n  endpoints:\n    /x: {target: 'http://h', cookieDomainRewrite: [a]}":                     "app-config.yaml:3: proxy.endpoints./x.cookieDomainRewrite: a text or an object is wanted here; write one text for all, or an object such as {'*': ''}",
		"proxy:\n  skipInvalidProxies: true\n  endpoints:\n    /x: h\n    /y: http://h":                    "warning: app-config.yaml:4: proxy.endpoints./x: is not a URL with http or https and a host (the endpoint is left out, as proxy.skipInvalidProxies says); write a URL such as https://api.example.com/base",
		"proxy:\n  reviveConsumedRequestBodies: true\n  endpoints: {/y: 'http://h'}":                       "",
	} {
		_, found := load(parse(t, yaml+"\n"))
		var lines []string
		for _, p := range found {
			line := p.Error()
			if p.Warning {
				line = "warning: " + line
			}
			lines = append(lines, line)
		}
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("%s\n got %s\nwant %s", yaml, got, want)
		}
		if strings.Contains(strings.Join(lines, ""), "secret") {
			t.Errorf("a secret is shown: %s", lines)
		}
	}
}

// The order is that of the configuration, and a higher source comes first (core.md 1.5, 10).
func TestOrderAndSkipped(t *testing.T) {
	t.Parallel()
	endpoints, _ := load(parse(t, "proxy:\n  skipInvalidProxies: true\n  endpoints: {/z: 'http://h', /bad: h, /a/b/: 'http://h/', /a: {target: 'wss://h'}}\n"))
	var got []string
	for _, e := range endpoints {
		got = append(got, e.route+" "+e.target.String())
	}
	if diff := cmp.Diff([]string{"/z http://h", "/a/b http://h/", "/a https://h"}, got); diff != "" {
		t.Error(diff)
	}
}

// What the configuration adds is not among what `config print` or the log show.
func TestSecretsOfTheSection(t *testing.T) {
	t.Parallel()
	c := parse(t, "proxy: {endpoints: {/x: {target: 'http://h', auth: 'jane:password-1', headers: {Authorization: 'Bearer ${TOKEN}', X-Vault: '${TOKEN}'}}}}\n")
	var out strings.Builder
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "password-1") || strings.Contains(out.String(), "secret-token") {
		t.Errorf("shown:\n%s", &out)
	}
}

// The old style is read where there is no other.
func TestTheOldStyle(t *testing.T) {
	t.Parallel()
	endpoints, found := load(parse(t, "proxy:\n  skipInvalidProxies: false\n  /x: http://h\n  /y: {target: 'http://h'}\n"))
	if len(endpoints) != 2 || len(found.Errors()) != 0 {
		t.Errorf("%d endpoints, %v", len(endpoints), found)
	}
}
