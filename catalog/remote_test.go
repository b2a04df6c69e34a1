package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// probe is a plugin that only reads the catalog, for itself and for whoever calls.
type probe struct {
	id  string
	env *host.Env
}

func (p *probe) ID() string { return p.id }

func (p *probe) Register(_ context.Context, env *host.Env) error {
	p.env = env
	env.Routes.Handle("GET /names", func(w http.ResponseWriter, r *http.Request) error {
		who, names := auth.FromContext(r.Context()), []string{}
		found, err := env.Catalog.ByRefs(r.Context(), who, []string{"component:default/one"})
		for _, e := range found {
			if e != nil {
				names = append(names, e.Name())
			}
		}
		for e, again := range env.Catalog.Entities(r.Context(), who, entity.Equal{Key: "kind", Values: []string{"component"}}) {
			if again == nil {
				names = append(names, e.Name())
			} else if fault.Status(again) != fault.Status(err) {
				return fmt.Errorf("by refs %w, a walk %w", err, again)
			}
		}
		if err != nil {
			return err
		}
		return router.WriteJSON(w, r, http.StatusOK, names)
	})
	return nil
}

// door is an address that leads to a backend whose port is not known yet.
type door struct {
	*httptest.Server
	target atomic.Pointer[url.URL]
}

func newDoor(t *testing.T) *door {
	d := &door{}
	transport := &http.Transport{DisableKeepAlives: true}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(d.target.Load()) }}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.target.Load() == nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

// serve runs a backend until the test ends, behind a door.
func serve(t *testing.T, d *door, yaml string, plugins ...host.Plugin) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended, port := make(chan error, 1), make(chan int, 1)
	b := backend.New(backend.WithConfig(parse(t, yaml)), backend.WithLog(t.Output(), "text"),
		backend.WithReady(func(r backend.Running) { port <- r.Port })).Add(plugins...)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	select {
	case n := <-port:
		d.target.Store(&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", n)})
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
}

// TestRemoteReadsAreLocalReads: a plugin cannot tell by what it reads whether the catalog is in its process.
func TestRemoteReadsAreLocalReads(t *testing.T) {
	dir := t.TempDir()
	var all strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&all, "%s---\n", component(fmt.Sprintf("c%04d", i)))
	}
	file := write(t, dir, "all.yaml", all.String()+`apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: Team, namespace: other, annotations: {spacelift.io/stack-id: "a, b"}, tags: [java, go]}
spec: {type: team, children: [], members: []}
`)
	theirs, ours := newDoor(t), newDoor(t)
	near, far := &probe{id: "near"}, &probe{id: "far"}
	serve(t, theirs, fmt.Sprintf(`
app: {title: theirs}
backend: {baseUrl: %q, listen: '127.0.0.1:0', database: {client: better-sqlite3, connection: {directory: %q}}}
discovery: {endpoints: [{target: '%s/api/{{pluginId}}', plugins: [far]}]}
catalog: {rules: [{allow: [Component, Group, Location]}], locations: [{type: file, target: %s}]}
understudy: {metrics: {listen: '127.0.0.1:0'}}
`, theirs.URL, t.TempDir(), ours.URL, file), catalog.New(), near)
	serve(t, ours, fmt.Sprintf(`
app: {title: ours}
backend: {baseUrl: %q, listen: '127.0.0.1:0', database: {client: better-sqlite3, connection: {directory: %q}}}
discovery: {endpoints: [{target: '%s/api/{{pluginId}}', plugins: [catalog]}]}
understudy: {metrics: {listen: '127.0.0.1:0'}}
`, ours.URL, t.TempDir(), theirs.URL), catalog.New(), far)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for position := near.env.Catalog.Position(); count(t, near, nil) < 1201; {
		var err error
		if position, err = near.env.Catalog.Changed(ctx, position); err != nil {
			t.Fatal(err)
		}
	}
	if host.ConsistentCatalog(far.env.Catalog) || !host.ConsistentCatalog(near.env.Catalog) {
		t.Error("the local catalog is one snapshot, the other is not")
	}
	for name, filter := range predicates(t) {
		t.Run(name, func(t *testing.T) {
			got, want := texts(t, far, filter), texts(t, near, filter)
			if len(want) == 0 != (name == "nothing") || !slices.Equal(got, want) {
				t.Errorf("%d entities from afar, %d at home", len(got), len(want))
			}
		})
	}
	refs := []string{"component:default/c0001", "group:other/team", "component:default/none", "nonsense", "component:default/c0001"}
	for i := range 1100 {
		refs = append(refs, fmt.Sprintf("component:default/c%04d", i))
	}
	var answers [2][]string
	for i, p := range []*probe{near, far} {
		who := auth.PluginCredentials(p.id)
		found, err := p.env.Catalog.ByRefs(t.Context(), who, refs)
		if err != nil {
			t.Fatal(err)
		}
		for k, e := range found {
			text := "none"
			if e != nil {
				text = string(entity.AppendJSON(nil, e.Object))
			}
			answers[i] = append(answers[i], text)
			if k < 5 {
				one, ok, err := p.env.Catalog.ByRef(t.Context(), who, refs[k])
				if err != nil || ok != (e != nil) || ok && string(entity.AppendJSON(nil, one.Object)) != text {
					t.Errorf("%s: by ref %v, %v, by refs %s", refs[k], ok, err, text)
				}
			}
		}
	}
	if !slices.Equal(answers[0], answers[1]) {
		t.Error("refs are answered differently")
	}
	if _, ok, err := far.env.Catalog.ByRef(t.Context(), auth.Credentials{}, refs[0]); ok || fault.Status(err) != http.StatusUnauthorized {
		t.Errorf("nobody reads: %v, %v", ok, err)
	}
}

func predicates(t *testing.T) map[string]entity.Predicate {
	t.Helper()
	all := map[string]entity.Predicate{"everything": nil}
	for name, text := range map[string]string{
		"kind": `{"kind":"Group"}`, "prefix": `{"metadata.name":{"$hasPrefix":"C01"}}`, "not": `{"$not":{"kind":"component"}}`,
		"annotation": `{"metadata.annotations.spacelift.io/stack-id":{"$exists":true}}`, "any": `{"$any":[{"metadata.name":"c0007"},{"metadata.tags":"java"}]}`,
		"all": `{"$all":[{"kind":"component"},{"$not":{"metadata.name":{"$hasPrefix":"c0"}}}]}`, "nothing": `{"kind":{"$in":[]}}`,
		"relation": `{"relations":{"$contains":{"type":"ownedBy"}}}`,
	} {
		o, err := entity.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if all[name], err = entity.ParsePredicate(o); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// texts are the entities that a plugin reads, in the order of their texts.
func texts(t *testing.T, p *probe, filter entity.Predicate) (all []string) {
	t.Helper()
	for e, err := range p.env.Catalog.Entities(t.Context(), auth.PluginCredentials(p.id), filter) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(entity.AppendJSON(nil, e.Object)))
	}
	slices.Sort(all)
	return all
}

func count(t *testing.T, p *probe, filter entity.Predicate) int {
	t.Helper()
	return len(texts(t, p, filter))
}

// TestRestrictedTokensReadNoMoreInProcess: what a token of backend.auth.externalAccess may not have asked the catalog itself it
// may not have read by another plugin, whether the catalog is in its process or not (CVE-2026-106492).
func TestRestrictedTokensReadNoMoreInProcess(t *testing.T) {
	const both = "{plugin: near}, {plugin: far}"
	cases := []struct {
		name, restrictions string
		status             int
		body               string
	}{
		{"none", "", http.StatusOK, `["one","one"]`},
		{"plugins", "[" + both + "]", http.StatusForbidden, "not included in token's access restrictions"},
		{"delegable", "[" + both + ", {plugin: catalog}]", http.StatusOK, `["one","one"]`},
		{"narrow", "[" + both + ", {plugin: catalog, permission: catalog.entity.read}]", http.StatusForbidden, "is restricted and cannot be delegated"},
		{"bound here", "[{plugin: near, permission: x}, {plugin: far, permission: x}, {plugin: catalog}]", http.StatusOK, `["one","one"]`},
	}
	var access strings.Builder
	for i, c := range cases {
		fmt.Fprintf(&access, "      - {type: static, options: {token: secret-token-%d, subject: s%d}", i, i)
		if c.restrictions != "" {
			fmt.Fprintf(&access, ", accessRestrictions: %s", c.restrictions)
		}
		access.WriteString("}\n")
	}
	file := write(t, t.TempDir(), "all.yaml", component("one"))
	theirs, ours := newDoor(t), newDoor(t)
	near, far := &probe{id: "near"}, &probe{id: "far"}
	const form = `
app: {title: x}
backend:
  baseUrl: %q
  listen: '127.0.0.1:0'
  database: {client: better-sqlite3, connection: {directory: %q}}
  auth:
    externalAccess:
%sdiscovery: {endpoints: [{target: '%s/api/{{pluginId}}', plugins: [%s]}]}
understudy: {metrics: {listen: '127.0.0.1:0'}}
catalog: {locations: [{type: file, target: %s}]}
`
	serve(t, theirs, fmt.Sprintf(form, theirs.URL, t.TempDir(), access.String(), ours.URL, "far", file), catalog.New(), near)
	serve(t, ours, fmt.Sprintf(form, ours.URL, t.TempDir(), access.String(), theirs.URL, "catalog", file), catalog.New(), far)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for position := near.env.Catalog.Position(); count(t, near, entity.Equal{Key: "kind", Values: []string{"component"}}) == 0; {
		var err error
		if position, err = near.env.Catalog.Changed(ctx, position); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range cases {
		for _, address := range []string{theirs.URL + "/api/near", ours.URL + "/api/far"} {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/names", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", fmt.Sprint("Bearer secret-token-", i))
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.body) {
				t.Errorf("%s at %s: %d %s, want %d %s (%v)", c.name, address, resp.StatusCode, body, c.status, c.body, err)
			}
		}
	}
}
