package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
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
		told     = `discovery: { endpoints: [{ target: {internal: 'http://n/{{pluginId}}'}, plugins: ['*'] }, { target: {external: 'http://x/{{pluginId}}'}, plugins: [rely, catalog] }] }`
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
		{"an address for browsers moves nothing", told, "rely", true, nil, true},
		{"nor hosts it", told, "catalog", false, nil, false},
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

// fakeHosts knows the addresses of a few names.
type fakeHosts map[string]string

func (f fakeHosts) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	text, ok := f[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return []netip.Addr{netip.MustParseAddr(text)}, nil
}

func TestIsSelf(t *testing.T) {
	t.Parallel()
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7007}
	everywhere := &net.TCPAddr{IP: net.IPv6zero, Port: 7007}
	for _, tc := range []struct {
		name, address string
		bound         *net.TCPAddr
		want          bool
	}{
		{"a name for the loopback", "http://loop:7007/api/x", local, true},
		{"an address", "http://127.0.0.1:7007/api/x", local, true},
		{"an IPv4 address as IPv6", "http://[::ffff:127.0.0.1]:7007/api/x", local, true},
		{"another port", "http://127.0.0.1:7008/api/x", local, false},
		{"no port", "http://127.0.0.1/api/x", local, false},
		{"the default port", "http://127.0.0.1/api/x", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, true},
		{"the default port of https", "https://127.0.0.1/api/x", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443}, true},
		{"another machine", "http://far:7007/api/x", local, false},
		{"another address of this machine", "http://127.0.0.2:7007/api/x", local, false},
		{"all addresses", "http://loop:7007/api/x", everywhere, true},
		{"all addresses, another machine", "http://far:7007/api/x", everywhere, false},
		{"looked up by SRV", "http+srv://_b._tcp.example.com/api/x", local, true},
		{"before there is a listener", "http://127.0.0.1:7007/api/x", nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := load(t, "{}")
			s.hosts = fakeHosts{"loop": "127.0.0.1", "far": "192.0.2.1"}
			s.srv = newSRVResolver(&fakeSRV{records: []*net.SRV{{Target: "loop", Port: 7007}}}, time.Now)
			if tc.bound != nil {
				s.SetListener(tc.bound)
			}
			if got, err := s.IsSelf(t.Context(), tc.address); err != nil || got != tc.want {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	s := load(t, "{}")
	s.hosts = fakeHosts{}
	s.SetListener(local)
	if _, err := s.IsSelf(t.Context(), "http://nowhere:7007/api/x"); err == nil || !strings.Contains(err.Error(), `look up "nowhere"`) {
		t.Errorf("got %v", err)
	}
}

// TestWhereOthersLive is what the start-up log and the gateway ask.
func TestWhereOthersLive(t *testing.T) {
	t.Parallel()
	s := load(t, `
backend: { baseUrl: 'https://bs.example.com' }
discovery:
  endpoints:
    - { target: { internal: 'http+srv://_n._tcp.example.com/api/{{pluginId}}' }, plugins: [search, catalog] }
    - { target: { external: 'https://x.example.com/{{pluginId}}' }, plugins: [outside] }
`)
	if got := strings.Join(s.IDs(), " "); got != "catalog outside search" {
		t.Errorf("IDs: %s", got)
	}
	if got, ok := s.InternalTarget("catalog"); !ok || got != "http+srv://_n._tcp.example.com/api/catalog" {
		t.Errorf("catalog: %s, %v", got, ok)
	}
	for _, id := range []string{"outside", "todo"} {
		if got, ok := s.InternalTarget(id); ok {
			t.Errorf("%s: %s", id, got)
		}
	}
	if _, _, ok := s.Rest(); ok {
		t.Error("there is no entry for the rest")
	}
	s = load(t, `{backend: {baseUrl: 'https://bs.example.com'}, discovery: {endpoints: [{target: {internal: 'http://node/api/{{pluginId}}'}, plugins: ['*']}]}}`)
	if in, out, ok := s.Rest(); !ok || in != "http://node/api/{{pluginId}}" || out != "https://bs.example.com/api/{{pluginId}}" {
		t.Errorf("the rest: %s, %s, %v", in, out, ok)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		base, target string
		warn         bool
	}{
		{"https://bs.example.com", "'http://node:7007/api/{{pluginId}}'", true},
		{"https://bs.example.com", "'http://localhost:7007/api/{{pluginId}}'", true},
		{"https://bs.example.com", "'http://node.default.svc.cluster.local/api/{{pluginId}}'", true},
		{"https://bs.example.com", "{external: 'http://192.168.1.1/api/{{pluginId}}'}", true},
		{"https://bs.example.com", "{internal: 'http://node:7007/api/{{pluginId}}'}", false},
		{"https://bs.example.com", "'https://other.example.com/api/{{pluginId}}'", false},
		{"http://localhost:3000", "'http://localhost:7007/api/{{pluginId}}'", false},
		{"http://portal", "'http://node:7007/api/{{pluginId}}'", false},
	} {
		s := load(t, "{backend: {baseUrl: '"+tc.base+"'}, discovery: {endpoints: [{target: "+tc.target+", plugins: [a]}]}}")
		if got := len(s.Warnings()) > 0; got != tc.warn {
			t.Errorf("%s beside %s: %v", tc.target, tc.base, s.Warnings())
		}
	}
}

// A slash at the end of a variable before "/api" is no other address.
func TestSlashesThatAreDoubled(t *testing.T) {
	t.Parallel()
	s := load(t, `{backend: {baseUrl: 'https://bs.example.com/'}, discovery: {endpoints: [{target: {internal: 'http://node:7007//api/{{pluginId}}/', external: 'https://bs.example.com///api/proxy//{{pluginId}}'}, plugins: [a]}]}}`)
	if in, err := s.InternalURL(t.Context(), "a"); in != "http://node:7007/api/a" || err != nil {
		t.Errorf("internal: %s, %v", in, err)
	}
	if out := s.ExternalURL("a"); out != "https://bs.example.com/api/proxy/a" {
		t.Errorf("external: %s", out)
	}
}

// What --only leaves out of a file that is another backend's as well is at that backend's public address.
func TestHostOnly(t *testing.T) {
	t.Parallel()
	const entry = "discovery: {endpoints: [{target: {internal: 'http://us:7107/api/{{pluginId}}'}, plugins: [rely]}]}"
	s := load(t, "{backend: {baseUrl: 'https://bs.example.com/'}, "+entry+"}")
	if s.Elsewhere("catalog") || !s.HostOnly("rely") || !s.Elsewhere("catalog") {
		t.Error("the catalog is not elsewhere")
	}
	for id, want := range map[string]string{"catalog": "https://bs.example.com/api/catalog", "rely": "http://us:7107/api/rely"} {
		if got, err := s.InternalURL(t.Context(), id); got != want || err != nil {
			t.Errorf("%s: %s, %v", id, got, err)
		}
	}
	if in, _, ok := s.Rest(); !ok || in != "https://bs.example.com/api/{{pluginId}}" {
		t.Errorf("the rest: %s, %v", in, ok)
	}
	if got := s.Entry("rely"); got != "discovery.endpoints[0]" {
		t.Errorf("the entry: %q", got)
	}
	s = load(t, "{backend: {baseUrl: 'https://bs.example.com'}, discovery: {endpoints: [{target: {internal: 'http://node/api/{{pluginId}}'}, plugins: ['*']}]}}")
	s.HostOnly("rely")
	if got, _ := s.InternalURL(t.Context(), "catalog"); got != "http://node/api/catalog" {
		t.Errorf("an entry for the rest wins: %s", got)
	}
	for _, own := range []string{
		"{backend: {baseUrl: 'http://localhost:7007'}}", "{backend: {baseUrl: 'http://127.0.0.1:7107', listen: ':7107'}}",
		"{backend: {baseUrl: 'http://node:7107', listen: 'node:7107'}}",
	} {
		s := load(t, own)
		if s.HostOnly("catalog") || s.Elsewhere("auth") {
			t.Errorf("%s: the base is this process", own)
		}
	}
	if s := load(t, "{backend: {baseUrl: 'http://localhost:7007', listen: ':7107'}}"); !s.HostOnly("rely") {
		t.Error("the base is another process on this machine")
	}
}
