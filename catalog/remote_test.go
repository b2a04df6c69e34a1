package catalog_test

import (
	"context"
	"errors"
	"fmt"
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
)

// probe is a plugin that only reads the catalog.
type probe struct {
	id  string
	env *host.Env
}

func (p *probe) ID() string { return p.id }

func (p *probe) Register(_ context.Context, env *host.Env) error {
	p.env = env
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
		who := auth.ServiceCredentials(p.id)
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
	for e, err := range p.env.Catalog.Entities(t.Context(), auth.ServiceCredentials(p.id), filter) {
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
