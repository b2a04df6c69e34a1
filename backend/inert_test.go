package backend_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

// reader is a plugin that reads some paths.
type reader struct{ paths []string }

func (reader) ID() string                                { return "reader" }
func (reader) Register(context.Context, *host.Env) error { return nil }
func (r reader) ConfigPaths() []string                   { return r.paths }

func TestWhatNobodyReadsIsNamed(t *testing.T) {
	cfg, err := config.Parse("app-config.yaml", []byte(`
backend: {baseUrl: 'http://localhost:7007'}
rely: {}
proxy:
  endpoints:
    '/rely': {target: 'https://rely.example.com'}
    '/other': {target: 'https://other.example.com'}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		reads []string
		want  []string
	}{
		"one entry of the proxy is read": {[]string{"rely", "proxy.endpoints./rely", "proxy./rely"}, []string{"proxy.endpoints./other"}},
		"nothing is read":                {nil, []string{"rely", "proxy"}},
		"all is read":                    {[]string{"rely", "proxy"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			warnings, err := backend.New(backend.WithConfig(cfg)).Add(reader{test.reads}).Check()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range warnings {
				if w.Message == "has no effect in this release" {
					got = append(got, w.Path)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// needy is a plugin that is off without its section.
type needy struct{ reader }

func (needy) RequiredConfig() string { return "needy" }

func TestAnEmptySectionIsNamed(t *testing.T) {
	for yaml, want := range map[string]string{
		"app: {}\nneedy:\n":    "app-config.yaml:3: needy: is empty, so that the plugin reader is off; fill it in, or leave it out",
		"app: {}\nneedy: {}\n": "", "app: {}\n": "",
	} {
		cfg, err := config.Parse("app-config.yaml", []byte("backend: {baseUrl: 'http://localhost:7007'}\n"+yaml), nil)
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := backend.New(backend.WithConfig(cfg)).Add(needy{}).Check()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, w := range warnings {
			got += w.Error()
		}
		if got != want {
			t.Errorf("%q warns %q, want %q", yaml, got, want)
		}
	}
}

// proxying is a plugin whose section is one of Backstage's own.
type proxying struct{ reader }

func (proxying) ID() string             { return "proxy" }
func (proxying) RequiredConfig() string { return "proxy" }

// A section of Backstage's own may be there for the backend that "*" names: it does not make its plugin live here, and
// what is in it and has no effect is named.
func TestASectionOfBackstagesOwnDoesNotWinOverTheWildcard(t *testing.T) {
	const elsewhere = "discovery: {endpoints: [{target: 'http://node:7007/api/{{pluginId}}', plugins: ['*']}]}\n"
	for name, test := range map[string]struct {
		yaml string
		only []string
		want string
	}{
		"alone":     {"", nil, ""},
		"joined":    {elsewhere, nil, "app-config.yaml:3: proxy.endpoints./other: has no effect here, because the plugin proxy is off: discovery.endpoints says that it lives elsewhere"},
		"by --only": {elsewhere, []string{"proxy"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := "backend: {baseUrl: 'http://localhost:7007'}\n" + test.yaml + "proxy: {endpoints: {/rely: 'https://rely.example.com', /other: 'https://other.example.com'}}\n"
			cfg, err := config.Parse("app-config.yaml", []byte(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			plugins := []host.Plugin{proxying{reader{[]string{"proxy"}}}, reader{[]string{"proxy.endpoints./rely"}}}
			options := []backend.Option{backend.WithConfig(cfg)}
			if test.only != nil {
				options = append(options, backend.WithOnly(test.only...))
			}
			warnings, err := backend.New(options...).Add(plugins...).Check()
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, w := range warnings {
				got += w.Error()
			}
			if got != test.want {
				t.Errorf("warns %q, want %q", got, test.want)
			}
		})
	}
}
