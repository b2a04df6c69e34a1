package ingest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/fault"
)

func component(name string) string {
	return "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: " + name + "}\nspec: {type: service, lifecycle: production, owner: team}\n"
}

func location(name string, lines ...string) string {
	return "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: " + name + "}\nspec:\n  " + strings.Join(lines, "\n  ") + "\n"
}

// both runs a test on both databases with a folder of its own.
func both(t *testing.T, test func(t *testing.T, f *fixture, dir string), set ...func(*fixtureOptions)) {
	t.Helper()
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		test(t, newFixture(t, open(), set...), t.TempDir())
	})
}

func (f *fixture) read(t testing.TB, targets ...string) {
	t.Helper()
	p := &ingest.ConfigLocations{}
	for _, target := range targets {
		p.Locations = append(p.Locations, entity.LocationRef{Type: "file", Target: target})
	}
	f.connect(t, p)
	f.settle(t)
}

// reread is what the interval brings: look for changed files, and process what is due.
func (f *fixture) reread(t testing.TB) {
	t.Helper()
	f.sweep(t)
	f.settle(t)
}

func (f *fixture) expect(t testing.TB, refs ...string) {
	t.Helper()
	if got, want := f.refs(t), strings.Join(sorted(refs), " "); got != want {
		t.Errorf("readers see %q, want %q", got, want)
	}
}

func statusOf(t testing.TB, e entity.Entity) string {
	t.Helper()
	return string(entity.AppendJSON(nil, e.Path("status")))
}

// TestSuccessThenFailure is conformance case 56.
func TestSuccessThenFailure(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		file := filepath.Join(dir, "catalog-info.yaml")
		write(t, file, component("a"))
		f.read(t, file)
		before := f.get(t, "component:default/a")
		write(t, file, strings.Replace(component("a"), "owner: team", "owner: 7", 1))
		f.reread(t)
		after := f.get(t, "component:default/a")
		if after.UID() != before.UID() || after.Etag() == before.Etag() || after.Path("spec", "owner") != "team" {
			t.Errorf("after a failure: %s", entity.AppendJSON(nil, after.Object))
		}
		want := `{"items":[{"type":"backstage.io/catalog-processing","level":"error","message":"InputError: Processor BuiltinKindsEntityProcessor threw an error while validating the entity component:default/a; caused by TypeError: /spec/owner must be string - type: string","error":{"name":"InputError","message":"Processor BuiltinKindsEntityProcessor threw an error while validating the entity component:default/a; caused by TypeError: /spec/owner must be string - type: string","cause":{"name":"TypeError","message":"/spec/owner must be string - type: string"}}}]}`
		if got := statusOf(t, after); got != want {
			t.Errorf("status\n got %s\nwant %s", got, want)
		}
		write(t, file, component("a"))
		f.reread(t)
		healed := f.get(t, "component:default/a")
		if healed.Has("status") || healed.UID() != before.UID() || healed.Etag() != before.Etag() {
			t.Errorf("after it recovered: %s", entity.AppendJSON(nil, healed.Object))
		}
	})
}

// TestFirstFailureStaysInvisible is conformance case 57.
func TestFirstFailureStaysInvisible(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		file := filepath.Join(dir, "catalog-info.yaml")
		write(t, file, strings.Replace(component("a"), "Component", "Componentt", 1))
		f.read(t, file)
		f.expect(t) // not allowed by the rules: nothing of the location
		write(t, file, component("a")+"---\n"+strings.Replace(component("b"), "owner: team", "owner: ''", 1))
		f.reread(t)
		f.expect(t, "component:default/a")
		hidden, err := f.ledger.Unfinished(t.Context())
		if err != nil || len(hidden) != 1 || !strings.Contains(string(hidden[0].Errors), "owner") {
			t.Errorf("unprocessed: %v, %v", hidden, err)
		}
		write(t, file, component("a")+"---\n"+component("b"))
		f.reread(t)
		f.expect(t, "component:default/a", "component:default/b")
	})
}

// TestAllOrNothing is conformance case 58.
func TestAllOrNothing(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		root := filepath.Join(dir, "root.yaml")
		write(t, filepath.Join(dir, "a.yaml"), component("a"))
		write(t, root, location("root", "type: file", "targets: [./a.yaml, ./later.yaml]"))
		f.read(t, root)
		f.expect(t)
		write(t, filepath.Join(dir, "later.yaml"), component("b"))
		f.reread(t)
		f.expect(t, "component:default/a", "component:default/b", "location:default/root")
		for name, bad := range map[string]string{
			"a 404":             "",
			"a bad document":    component("b") + "---\nkind: [unclosed\n",
			"no object":         component("b") + "---\n- 1\n",
			"a disallowed kind": component("b") + "---\n" + strings.Replace(component("t"), "Component", "Template", 1),
			"a bad envelope":    component("b") + "---\nkind: Component\n",
		} {
			write(t, filepath.Join(dir, "a.yaml"), component("a")+"---\n"+component("new"))
			if bad == "" {
				if err := os.Remove(filepath.Join(dir, "later.yaml")); err != nil {
					t.Fatal(err)
				}
			} else {
				write(t, filepath.Join(dir, "later.yaml"), bad)
			}
			f.reread(t)
			f.expect(t, "component:default/a", "component:default/b", "location:default/root")
			if s := statusOf(t, f.get(t, "location:default/root")); !strings.Contains(s, `"level":"error"`) {
				t.Errorf("%s: status %s", name, s)
			}
			write(t, filepath.Join(dir, "a.yaml"), component("a"))
			write(t, filepath.Join(dir, "later.yaml"), component("b"))
			f.reread(t)
		}
		write(t, root, location("root", "type: file", "presence: optional", "targets: [./a.yaml, ./never.yaml, './none-*.yaml']"))
		f.reread(t)
		f.expect(t, "component:default/a", "location:default/root")
		if f.get(t, "location:default/root").Has("status") {
			t.Error("an optional target that is missing is no error")
		}
	})
}

// TestOrphansOfFiles is conformance case 59, and the moved file of catalog.md 12.
func TestOrphansOfFiles(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		root := filepath.Join(dir, "root.yaml")
		write(t, root, location("one", "type: file", "target: ./one.yaml"))
		write(t, filepath.Join(dir, "one.yaml"), location("two", "type: file", "target: ./two.yaml"))
		write(t, filepath.Join(dir, "two.yaml"), component("a"))
		f.read(t, root)
		f.expect(t, "component:default/a", "location:default/one", "location:default/two")
		write(t, root, component("other"))
		f.reread(t)
		f.expect(t, "component:default/other")
		if err := os.Remove(root); err != nil {
			t.Fatal(err)
		}
		f.reread(t) // a read error never deletes
		f.expect(t, "component:default/other")
	})
}

func TestKeepOrphans(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		file := filepath.Join(dir, "x.yaml")
		write(t, file, component("a")+"---\n"+component("b"))
		f.read(t, file)
		write(t, file, component("a"))
		f.reread(t)
		if v, _ := f.get(t, "component:default/b").Annotation("backstage.io/orphan"); v != "true" {
			t.Error("the dropped child is not marked as an orphan")
		}
		write(t, file, component("a")+"---\n"+component("b"))
		f.reread(t)
		if v, ok := f.get(t, "component:default/b").Annotation("backstage.io/orphan"); ok {
			t.Errorf("the child that came back is marked: %q", v)
		}
	}, func(o *fixtureOptions) { o.keepOrphans = true })
}

func TestMovedBetweenFiles(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		old, now := filepath.Join(dir, "old.yaml"), filepath.Join(dir, "new.yaml")
		write(t, old, component("a"))
		write(t, now, component("x"))
		f.read(t, old, now)
		write(t, now, component("x")+"---\n"+component("a"))
		f.reread(t)
		if loc, _ := f.get(t, "component:default/a").Annotation(entity.AnnotationLocation); loc != "file:"+old {
			t.Errorf("while both declare it, it is managed by %s", loc)
		}
		write(t, old, component("y"))
		f.reread(t)
		if loc, _ := f.get(t, "component:default/a").Annotation(entity.AnnotationLocation); loc != "file:"+now {
			t.Errorf("after it moved it is managed by %s", loc)
		}
	})
}

// TestIdleWritesNothing is the promise of "work follows change".
func TestIdleWritesNothing(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		write(t, filepath.Join(dir, "a", "one.yaml"), component("a"))
		write(t, filepath.Join(dir, "b", "two.yaml"), component("b"))
		f.read(t, filepath.Join(dir, "*", "*.yaml"))
		position := f.position(t)
		due := func() int64 {
			c, err := f.ledger.Counts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return c.Due
		}
		for range 3 {
			f.sweep(t)
		}
		if due() != 0 {
			t.Errorf("a pass in which nothing changed made %d entities due", due())
		}
		// Touched, but the same: the hash decides.
		future := time.Now().Add(time.Hour)
		if err := os.Chtimes(filepath.Join(dir, "a", "one.yaml"), future, future); err != nil {
			t.Fatal(err)
		}
		f.sweep(t)
		if due() != 0 || f.position(t) != position {
			t.Error("touching a file made its entity due")
		}
		write(t, filepath.Join(dir, "c", "three.yaml"), component("c"))
		f.reread(t)
		f.expect(t, "component:default/a", "component:default/b", "component:default/c")
	})
}

func TestGlobs(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		write(t, filepath.Join(dir, "x", "y", "catalog-info.yaml"), component("deep"))
		write(t, filepath.Join(dir, "catalog-info.yaml"), component("top"))
		write(t, filepath.Join(dir, ".hidden", "catalog-info.yaml"), component("hidden"))
		if err := os.Symlink(dir, filepath.Join(dir, "x", "loop")); err != nil {
			t.Fatal(err)
		}
		f.read(t, filepath.Join(dir, "**", "catalog-info.yaml"))
		f.expect(t, "component:default/deep", "component:default/top")
		f.read(t, filepath.Join(dir, "none-*.yaml"))
		f.expect(t)
		hidden, err := f.ledger.Unfinished(t.Context())
		if err != nil || len(hidden) != 1 || !strings.Contains(string(hidden[0].Errors), "NotFoundError: file "+filepath.Join(dir, "none-*.yaml")+" does not exist") {
			t.Errorf("unprocessed %s, %v", hidden[0].Errors, err)
		}
	})
}

// TestAnnotationsAreOverwritten is conformance case 67.
func TestAnnotationsAreOverwritten(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		file := filepath.Join(dir, "x.yaml")
		write(t, file, "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: a\n  annotations: {backstage.io/managed-by-location: 'file:/etc/passwd', backstage.io/managed-by-origin-location: 'url:https://x', backstage.io/view-url: https://own}\nspec: {type: s, lifecycle: l, owner: o}\n---\n"+location("self", "type: file", "target: ./self.yaml"))
		write(t, filepath.Join(dir, "self.yaml"), location("self", "type: file", "target: ./self.yaml")+"---\n"+component("b"))
		f.read(t, file)
		f.expect(t, "component:default/a", "component:default/b", "location:default/self")
		a := f.get(t, "component:default/a")
		for key, want := range map[string]string{
			entity.AnnotationLocation: "file:" + file, entity.AnnotationOriginLocation: "file:" + file, "backstage.io/view-url": "https://own",
		} {
			if got, _ := a.Annotation(key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
	})
}

// TestLocationTypes is CVE-2026-106496: a descriptor must not lead to types that may not be registered.
func TestLocationTypes(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		secret := filepath.Join(dir, "secret.yaml")
		write(t, secret, component("secret"))
		o, err := entity.ParseObject([]byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"Location","metadata":{"name":"evil","annotations":{"backstage.io/managed-by-location":"url:https://evil.example.com/x.yaml","backstage.io/managed-by-origin-location":"url:https://evil.example.com/x.yaml"}},"spec":{"type":"file","target":` + quote(secret) + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		f.connect(t, provider{ingest.Mutation{Full: true, Entities: []ingest.Deferred{{Entity: entity.FromObject(o)}}}})
		f.settle(t)
		f.expect(t)
		hidden, err := f.ledger.Unfinished(t.Context())
		if err != nil || len(hidden) != 1 || !strings.Contains(string(hidden[0].Errors), "Location of type 'file' is not allowed") {
			t.Errorf("unprocessed %+v, %v", hidden, err)
		}
	})
}

func TestURLLocationsSaySo(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		file := filepath.Join(dir, "x.yaml")
		write(t, file, location("remote", "type: url", "target: https://example.com/catalog-info.yaml"))
		f.read(t, file)
		hidden, err := f.ledger.Unfinished(t.Context())
		if err != nil || len(hidden) != 1 || !strings.Contains(string(hidden[0].Errors), "reading of url locations is not part of this build yet") {
			t.Errorf("unprocessed %+v, %v", hidden, err)
		}
	})
}

func TestLimits(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		file := filepath.Join(dir, "big.yaml")
		write(t, file, "# "+strings.Repeat("x", 11<<20))
		long := filepath.Join(dir, "many.yaml")
		write(t, long, strings.Repeat("--- {a: 1}\n", 10_001))
		if err := os.Mkdir(filepath.Join(dir, "folder.yaml"), 0o755); err != nil {
			t.Fatal(err)
		}
		deep := filepath.Join(dir, "deep.yaml")
		write(t, deep, "a: "+strings.Repeat("[", 100_000))
		f.read(t, file, long, filepath.Join(dir, "folder.yaml"), deep)
		hidden, err := f.ledger.Unfinished(t.Context())
		if err != nil || len(hidden) != 4 {
			t.Fatalf("unprocessed %d, %v", len(hidden), err)
		}
		for i, want := range []string{"more than the 10485760 that are read", "more than 10000 documents", "it is not a regular file", "YAML error at file:"} {
			if !strings.Contains(string(hidden[i].Errors), want) {
				t.Errorf("errors of %s: %.300s, want %s", hidden[i].Ref, hidden[i].Errors, want)
			}
		}
	})
}

// provider applies one mutation.
type provider struct{ ingest.Mutation }

func (provider) Name() string { return "test" }

func (p provider) Connect(ctx testContext, c ingest.Connection) error {
	return c.Apply(ctx, p.Mutation)
}

func TestMalformedMutationIsRefused(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, _ string) {
		good, err := entity.ParseObject([]byte(`{"apiVersion":"v","kind":"Component","metadata":{"name":"a"}}`))
		if err != nil {
			t.Fatal(err)
		}
		bad := entity.CollectObject(good.All())
		bad.Set("kind", 7.0)
		c := ingest.Connect("test", f.ledger)
		err = c.Apply(t.Context(), ingest.Mutation{Full: true, Entities: []ingest.Deferred{{Entity: entity.FromObject(good)}, {Entity: entity.FromObject(bad)}}})
		if !fault.Is(err, fault.NameInput) || !strings.HasPrefix(err.Error(), "Malformed entity envelope, ") {
			t.Errorf("a mutation with a malformed entity: %v", err)
		}
		if names, err := f.ledger.Providers(t.Context()); err != nil || len(names) != 0 {
			t.Errorf("it left %v, %v", names, err)
		}
		long := entity.CollectObject(good.All())
		meta := entity.NewObject()
		meta.Set("name", strings.Repeat("x", 5000))
		long.Set("metadata", meta)
		if err := c.Apply(t.Context(), ingest.Mutation{Entities: []ingest.Deferred{{Entity: entity.FromObject(long)}}}); err == nil {
			t.Error("a ref of 5000 bytes was stored")
		}
	})
}

func TestProviderWithoutAnnotations(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, _ string) {
		o, err := entity.ParseObject([]byte(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"a"},"spec":{"type":"s","lifecycle":"l","owner":"o"}}`))
		if err != nil {
			t.Fatal(err)
		}
		f.connect(t, provider{ingest.Mutation{Full: true, Entities: []ingest.Deferred{{Entity: entity.FromObject(o)}}}})
		f.settle(t)
		f.expect(t)
		hidden, err := f.ledger.Unfinished(t.Context())
		if err != nil || len(hidden) != 1 || !strings.Contains(string(hidden[0].Errors), entity.AnnotationLocation) {
			t.Errorf("unprocessed %+v, %v", hidden, err)
		}
	})
}

var errUnreachable = errors.New("unreachable")
