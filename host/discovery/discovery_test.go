package discovery

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

func load(t *testing.T, text string) *Service {
	t.Helper()
	s, err := Load(parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestURLs(t *testing.T) {
	t.Parallel()
	const split = `
backend: { baseUrl: https://bs.example.com/, listen: ':7010' }
discovery:
  endpoints:
    - { target: 'http://old:1/api/{{ pluginId }}', plugins: [catalog, search] }
    - { target: { internal: 'http://node:7007/api/{{pluginId}}/' }, plugins: [catalog] }
    - { target: { external: 'https://app.example.com/api/{{pluginId}}' }, plugins: [scaffolder] }
    - { target: 'http://rest/{{pluginId}}', plugins: ['*'] }
`
	for _, tc := range []struct{ name, config, id, internal, external string }{
		{"nothing set", `{}`, "catalog", "http://localhost:7007/api/catalog", "/api/catalog"},
		{"fallbacks", `backend: { baseUrl: 'https://bs.example.com' }`, "catalog", "http://localhost:7007/api/catalog", "https://bs.example.com/api/catalog"},
		{"port", `backend: { listen: ':7010' }`, "a", "http://localhost:7010/api/a", "/api/a"},
		{"port number", `backend: { listen: 7010 }`, "a", "http://localhost:7010/api/a", "/api/a"},
		{"host and port", `backend: { listen: 'box:7010' }`, "a", "http://box:7010/api/a", "/api/a"},
		{"object", `backend: { listen: { host: 10.0.0.1, port: '81' } }`, "a", "http://10.0.0.1:81/api/a", "/api/a"},
		{"all addresses", `backend: { listen: { host: 0.0.0.0, port: 81 } }`, "a", "http://127.0.0.1:81/api/a", "/api/a"},
		{"IPv6", `backend: { listen: { host: '::', port: 81 } }`, "a", "http://[::1]:81/api/a", "/api/a"},
		{"TLS", `backend: { https: true }`, "a", "https://localhost:7007/api/a", "/api/a"},
		{"TLS off", `backend: { https: false }`, "a", "http://localhost:7007/api/a", "/api/a"},
		{"later entry, one side", split, "catalog", "http://node:7007/api/catalog", "http://old:1/api/catalog"},
		{"earlier entry", split, "search", "http://old:1/api/search", "http://old:1/api/search"},
		{"wildcard for the missing side", split, "scaffolder", "http://rest/scaffolder", "https://app.example.com/api/scaffolder"},
		{"wildcard", split, "todo", "http://rest/todo", "http://rest/todo"},
		{"id is escaped", split, "a/b?c", "http://rest/a%2Fb%3Fc", "http://rest/a%2Fb%3Fc"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, tc.config)
			internal, err := s.InternalURL(t.Context(), tc.id)
			if err != nil {
				t.Fatal(err)
			}
			if internal != tc.internal {
				t.Errorf("internal: got %q, want %q", internal, tc.internal)
			}
			if got := s.ExternalURL(tc.id); got != tc.external {
				t.Errorf("external: got %q, want %q", got, tc.external)
			}
		})
	}
}

func TestSetListenerTellsThePort(t *testing.T) {
	t.Parallel()
	s := load(t, `backend: { listen: { host: 127.0.0.1, port: 0 } }`)
	s.SetListener(&net.TCPAddr{Port: 4711})
	if got, err := s.InternalURL(t.Context(), "a"); err != nil || got != "http://127.0.0.1:4711/api/a" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestHosted(t *testing.T) {
	t.Parallel()
	const (
		alone    = `{}`
		named    = `discovery: { endpoints: [{ target: 'http://n/{{pluginId}}', plugins: [catalog] }] }`
		wildcard = `discovery: { endpoints: [{ target: 'http://n/{{pluginId}}', plugins: ['*'] }] }`
		both     = `discovery: { endpoints: [{ target: 'http://n/{{pluginId}}', plugins: ['*', rely] }] }`
	)
	for _, tc := range []struct {
		name, config, id string
		own              bool
		only             []string
		want             bool
	}{
		{"alone", alone, "catalog", false, nil, true},
		{"named elsewhere", named, "catalog", false, nil, false},
		{"named elsewhere beats our section", named, "catalog", true, nil, false},
		{"another is named", named, "auth", false, nil, true},
		{"wildcard", wildcard, "catalog", false, nil, false},
		{"our section wins over the wildcard", wildcard, "rely", true, nil, true},
		{"but not over a name", both, "rely", true, nil, false},
		{"only", alone, "catalog", false, []string{"rely"}, false},
		{"only overrides", both, "rely", false, []string{"rely"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := load(t, tc.config).Hosted(tc.id, tc.own, tc.only); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Load(parse(t, `
discovery:
  endpoints:
    - { target: 'node:7007', plugins: [a] }
    - { target: 'http+srv://name/x', plugins: [b] }
    - { target: { internal: 'http+srv://name:1/x', external: 'ftp://h/x' }, plugins: [c] }
    - { plugins: [d] }
    - { target: 'http://ok/x' }
`))
	var found config.Problems
	if !errors.As(err, &found) {
		t.Fatalf("got %v, want problems", err)
	}
	for i, want := range []string{
		"discovery.endpoints[0].target: \"node:7007\" is not a URL with a host",
		"discovery.endpoints[1].target: a http+srv address is not allowed here",
		"discovery.endpoints[2].target.internal: a http+srv address has no port, query or user",
		"discovery.endpoints[2].target.external: unknown scheme \"ftp\"",
		"discovery.endpoints[3].target: missing",
		"Missing required config value at 'discovery.endpoints[4].plugins'",
	} {
		if i >= len(found) {
			t.Fatalf("only %d problems:\n%v", len(found), err)
		}
		if got := found[i].Error(); !strings.Contains(got, want) || !strings.HasPrefix(got, "app-config.yaml:") {
			t.Errorf("problem %d: got %q, want %q with its place", i, got, want)
		}
	}
}

// fakeSRV answers with its records and counts how often it is asked.
type fakeSRV struct {
	records []*net.SRV
	err     error
	asked   []string
}

func (f *fakeSRV) LookupSRV(_ context.Context, _, _, name string) (string, []*net.SRV, error) {
	f.asked = append(f.asked, name)
	return "", f.records, f.err
}

func TestSRV(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	fake := &fakeSRV{records: []*net.SRV{{Target: "box1.example.com.", Port: 8080}, {Target: "box2", Port: 1}}}
	s := load(t, `discovery: { endpoints: [{ target: { internal: 'https+srv://_b._tcp.example.com/api/{{pluginId}}' }, plugins: [a] }] }`)
	s.srv = newSRVResolver(fake, func() time.Time { return now })
	want := "https://box1.example.com:8080/api/a"
	for range 2 {
		if got, err := s.InternalURL(t.Context(), "a"); err != nil || got != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	if len(fake.asked) != 1 || fake.asked[0] != "_b._tcp.example.com" {
		t.Errorf("asked %q, want the name once", fake.asked)
	}
	now = now.Add(srvTTL)
	fake.records = nil
	if _, err := s.InternalURL(t.Context(), "a"); err == nil {
		t.Error("no records after the time to live: want an error")
	}
	fake.err = errors.New("no such host")
	if _, err := s.InternalURL(t.Context(), "a"); !errors.Is(err, fake.err) {
		t.Errorf("got %v, want the resolver's error", err)
	}
}
