package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

func joinedSystem() *fakeSystem {
	return &fakeSystem{
		plugins: []host.PluginStatus{
			{ID: "auth", Address: "https://backstage.example.com/api/auth"},
			{ID: "catalog", Address: "https://backstage.example.com/api/catalog"},
			{ID: "spacelift-io", Hosted: true},
		},
		elsewhere: map[string]string{
			"auth": "https://backstage.example.com/api/auth", "catalog": "https://backstage.example.com/api/catalog",
		},
	}
}

func TestBootstrapWhenJoined(t *testing.T) {
	t.Parallel()
	const head = `{"title":"Acme","version":"v1.2.3","demo":false,"signIn":`
	const elsewhere = `"elsewhere":{"auth":"https://backstage.example.com/api/auth","catalog":"https://backstage.example.com/api/catalog","frontend":`
	for _, c := range []struct{ name, config, want string }{
		{"nothing is known of the providers", "{}", `[],"plugins":["spacelift-io"],` + elsewhere + `"https://backstage.example.com"}}`},
		{
			"a shared configuration names them",
			"app: {baseUrl: 'https://portal.example.com/'}\nauth: {environment: production, providers: {guest: {}, github: {production: {clientId: a}}, awsalb: {region: b}}}",
			`[{"id":"guest"},{"id":"github","env":"production"},{"id":"awsalb"}],"plugins":["spacelift-io"],` + elsewhere + `"https://portal.example.com"}}`,
		},
		{
			"the environment has a default",
			"auth: {providers: {github: {development: {}}}}",
			`[{"id":"github","env":"development"}],"plugins":["spacelift-io"],` + elsewhere + `"https://backstage.example.com"}}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, joinedSystem(), newCatalog(t), c.config)
			if _, body := f.get(t, "/api/understudy/v1/bootstrap", ""); body != head+c.want {
				t.Errorf("got  %s\nwant %s", body, head+c.want)
			}
		})
	}
}

func TestFrontend(t *testing.T) {
	t.Parallel()
	cfg, err := config.Parse("app-config.yaml", []byte("{}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for catalog, want := range map[string]string{
		"https://b.example.com/api/catalog":      "https://b.example.com",
		"https://b.example.com/base/api/catalog": "https://b.example.com/base",
		"http://catalog.example.com:7007/v2":     "http://catalog.example.com:7007",
	} {
		p := peers{system: &fakeSystem{elsewhere: map[string]string{"catalog": catalog}}, config: cfg}
		if got := p.view().Frontend; got != want {
			t.Errorf("%s: got %s, want %s", catalog, got, want)
		}
	}
}

// What would take a walk of Backstage's catalog, or a watch of it, is refused: nothing of it is read.
func TestARemoteCatalogIsLeftAlone(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(t)
	f := start(t, joinedSystem(), catalog, "{}")
	for _, path := range []string{"attention", "events"} {
		res, body := f.get(t, "/api/understudy/v1/"+path, "user")
		if res.StatusCode != http.StatusNotFound || !strings.Contains(body, "https://backstage.example.com/api/catalog") {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	if catalog.walks != 0 {
		t.Errorf("the catalog was walked %d times", catalog.walks)
	}
}

func TestThePageMayCallWhatIsElsewhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		system *fakeSystem
		want   string
	}{
		{joinedSystem(), ";connect-src 'self' https://backstage.example.com"},
		{&fakeSystem{elsewhere: map[string]string{"auth": "https://a.example.com/api/auth", "catalog": "https://c.example.com/api/catalog"}}, ";connect-src 'self' https://a.example.com https://c.example.com"},
		{&fakeSystem{}, ""},
	} {
		f := start(t, c.system, newCatalog(t), "{}")
		res, _ := f.get(t, "/console/", "")
		policy := res.Header.Get("Content-Security-Policy")
		_, added, _ := strings.Cut(policy, ";connect-src")
		if c.want != "" {
			added = ";connect-src" + added
		}
		if policy == "" || added != c.want {
			t.Errorf("got %q of %q, want %q", added, policy, c.want)
		}
		if api, _ := f.get(t, "/api/understudy/v1/bootstrap", ""); strings.Contains(api.Header.Get("Content-Security-Policy"), "connect-src") {
			t.Error("answers of the API have the page's policy")
		}
	}
}

func TestAllowConnect(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]string{
		"default-src 'self';img-src data:":       "default-src 'self';img-src data:;connect-src 'self' https://b",
		"connect-src 'self' https:":              "connect-src 'self' https: https://b",
		"default-src 'self'; Connect-Src 'none'": "default-src 'self';connect-src https://b",
		"connect-src https://b":                  "connect-src https://b",
		"default-src 'none'":                     "default-src 'none';connect-src https://b",
		"img-src 'self'":                         "img-src 'self'",
	} {
		if diff := cmp.Diff(want, allowConnect(policy, []string{"https://b"})); diff != "" {
			t.Errorf("%s: %s", policy, diff)
		}
	}
}
