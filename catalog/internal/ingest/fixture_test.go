package ingest_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/ledgertest"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
)

type fixtureOptions struct {
	keepOrphans bool
	rules       []ingest.Rule
	processors  []ingest.Processor
	reader      ingest.URLReader
}

// fixture is a ledger with an engine that the test drives step by step.
type fixture struct {
	ledger *ledger.Ledger
	engine *ingest.Engine
	keep   bool
}

func newFixture(t testing.TB, db *database.Database, set ...func(*fixtureOptions)) *fixture {
	t.Helper()
	opts := fixtureOptions{rules: []ingest.Rule{{Allow: kinds("Component", "API", "Resource", "System", "Domain", "Group", "User", "Location")}}}
	for _, s := range set {
		s(&opts)
	}
	log := slog.New(slog.DiscardHandler)
	l := ledger.New(ledgertest.Open(t, db), ledger.Options{Log: log})
	processors := append([]ingest.Processor{
		ingest.Placeholders{Reader: opts.reader}, ingest.BuiltinKinds{}, ingest.FileReader{}, ingest.NoURLReader{}, ingest.Annotate{},
	}, opts.processors...)
	engine := ingest.NewEngine(ingest.Options{
		Ledger: l, KeepOrphans: opts.keepOrphans, Log: log,
		Orchestrator: ingest.NewOrchestrator(ingest.OrchestratorOptions{Processors: processors, Rules: opts.rules, Log: log}),
	})
	return &fixture{ledger: l, engine: engine, keep: opts.keepOrphans}
}

func kinds(names ...string) []ingest.KindRule {
	rules := make([]ingest.KindRule, len(names))
	for i, n := range names {
		rules[i].Kind = n
	}
	return rules
}

func (f *fixture) connect(t testing.TB, p ingest.Provider) {
	t.Helper()
	if err := p.Connect(t.Context(), ingest.Connect(p.Name(), f.ledger)); err != nil {
		t.Fatal(err)
	}
}

// settle processes until nothing is due.
func (f *fixture) settle(t testing.TB) {
	t.Helper()
	for range 1000 {
		n, err := f.engine.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			continue
		}
		if !f.keep {
			before := f.position(t)
			if err := f.engine.DeleteOrphans(t.Context()); err != nil {
				t.Fatal(err)
			}
			if f.position(t) != before {
				continue
			}
		}
		return
	}
	t.Fatal("the catalog does not settle")
}

func (f *fixture) sweep(t testing.TB) {
	t.Helper()
	if err := f.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) position(t testing.TB) int64 {
	t.Helper()
	p, err := f.ledger.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// finals returns what readers see, by ref.
func (f *fixture) finals(t testing.TB) map[string]string {
	t.Helper()
	all := make(map[string]string)
	_, err := f.ledger.Finals(t.Context(), 100, func(changes []ledger.Change) error {
		for _, c := range changes {
			all[c.Ref] = string(c.Body)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (f *fixture) get(t testing.TB, ref string) entity.Entity {
	t.Helper()
	body, ok := f.finals(t)[ref]
	if !ok {
		t.Fatalf("no entity %s", ref)
	}
	o, err := entity.ParseObject([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return entity.FromObject(o)
}

func (f *fixture) refs(t testing.TB) string {
	t.Helper()
	var refs []string
	for ref := range f.finals(t) {
		if !strings.HasPrefix(ref, "location:default/generated-") {
			refs = append(refs, ref)
		}
	}
	return strings.Join(sorted(refs), " ")
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func edit(t testing.TB, path string, change func(string) string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, change(string(data)))
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
