package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
)

// repeated joins n texts, in each of which # is its number.
func repeated(n int, text, separator string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = strings.ReplaceAll(text, "#", strconv.Itoa(i))
	}
	return strings.Join(parts, separator)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, indextest.Generate(50, 1)...)
	query := func(predicate string) string { return `{"limit":1,"query":` + predicate + `}` }
	in := func(n int) string {
		return `{"relations.ownedBy":{"$in":[` + repeated(n, `"group:default/#"`, ",") + `]}}`
	}
	groups := func(n int) string { return `{"$any":[` + repeated(n, `{"$all":[]}`, ",") + `]}` }
	hasPrefix := func(n int) string {
		return `{"$any":[` + repeated(n, `{"metadata.name":{"$hasPrefix":"#"}}`, ",") + `]}`
	}
	fields := func(n int) string { return `{"limit":1,"fields":[` + repeated(n, `"spec.f#"`, ",") + `]}` }
	search := func(n int) string {
		return `{"fullTextFilter":{"term":"x","fields":[` + repeated(n, `"spec.f#"`, ",") + `]}}`
	}
	facets := func(n int) string { return `{"facets":[` + repeated(n, `"spec.f#"`, ",") + `]}` }
	relation := func(n int) string {
		return `{"relations":{"$contains":{"type":"ownedBy","targetRef":{"$in":[` + repeated(n, `"group:default/#"`, ",") + `]}}}}`
	}
	for _, c := range []struct{ name, path, body, message string }{
		{"conditions", "/entities/by-query", query(hasPrefix(9_999)), ""},
		{"too many conditions", "/entities/by-query", query(hasPrefix(10_000)), "Invalid query: more than 10000 conditions"},
		{"too many groups", "/entities/by-query", query(groups(10_000)), "Invalid query: more than 10000 conditions"},
		{"values", "/entities/by-query", query(in(100_000)), ""},
		{"too many values", "/entities/by-query", query(in(100_001)), "Invalid query: more than 100000 values"},
		{"too many targets", "/entities/by-query", query(relation(100_001)), "Invalid query: more than 100000 values"},
		{"too many conditions of facets", "/entity-facets", `{"facets":["kind"],"query":` + hasPrefix(10_000) + `}`, "Invalid query: more than 10000 conditions"},
		{"too many conditions of refs", "/entities/by-refs", `{"entityRefs":[],"query":` + hasPrefix(10_000) + `}`, "Invalid query: more than 10000 conditions"},
		{"fields", "/entities/by-query", fields(1_000), ""},
		{"too many fields", "/entities/by-query", fields(1_001), "Invalid fields: more than 1000 fields"},
		{"too many fields of refs", "/entities/by-refs", `{"entityRefs":[],` + fields(1_001)[1:], "Invalid fields: more than 1000 fields"},
		{"refs", "/entities/by-refs", `{"entityRefs":[` + repeated(20_000, `"a:b/#"`, ",") + `]}`, ""},
		{"too many refs", "/entities/by-refs", `{"entityRefs":[` + repeated(20_001, `"a:b/#"`, ",") + `]}`, "Invalid entityRefs: more than 20000 references; ask in parts"},
		{"repeated fields", "/entities/by-query", `{"limit":1,"fields":[` + repeated(5_000, `"kind"`, ",") + `]}`, ""},
		{"fields to search", "/entities/by-query", search(1_000), ""},
		{"too many fields to search", "/entities/by-query", search(1_001), "Invalid fullTextFilter: more than 1000 fields"},
		{"facets", "/entity-facets", facets(100), ""},
		{"too many facets", "/entity-facets", facets(101), "Invalid facets: more than 100"},
		{"repeated facets", "/entity-facets", `{"facets":[` + repeated(20_000, `"metadata.name"`, ",") + `]}`, ""},
		{"too many conditions of locations", "/locations/by-query", query(`{"$any":[` + repeated(10_000, `{"id":"#"}`, ",") + `]}`), "Invalid query: more than 10000 conditions"},
	} {
		got := s.do(http.MethodPost, c.path, c.body)
		if c.message == "" {
			if got.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d: %.200s", c.name, got.StatusCode, got.body)
			}
			continue
		}
		if got.StatusCode != http.StatusBadRequest || !strings.Contains(got.body, `"name":"InputError","message":"`+c.message+`"`) {
			t.Errorf("%s: status %d: %.200s, want the message %q", c.name, got.StatusCode, got.body, c.message)
		}
	}
}

// TestRepeatedFacetIsOne compares answers: a facet asked for often is there once, with the same counts.
func TestRepeatedFacetIsOne(t *testing.T) {
	t.Parallel()
	s := serve(t, indextest.Generate(50, 1)...)
	once := s.do(http.MethodPost, "/entity-facets", `{"facets":["kind","spec.type"]}`)
	often := s.do(http.MethodPost, "/entity-facets", `{"facets":["kind","kind","spec.type","kind","spec.type"]}`)
	if often.body != once.body || once.StatusCode != http.StatusOK {
		t.Errorf("often %s, once %s", often.body, once.body)
	}
}

// TestCallerGone asks for much on behalf of a caller that has left: nothing is answered, and soon.
func TestCallerGone(t *testing.T) {
	t.Parallel()
	s := serve(t, indextest.Generate(3000, 1)...)
	s.ledger.registers = []ledger.Location{{ID: "x"}}
	for _, c := range []struct{ path, body string }{
		{"/entities/by-query", `{"query":{"$any":[` + repeated(9_000, `{"metadata.name":{"$hasPrefix":"#"}}`, ",") + `]}}`},
		{"/entities/by-query", `{"limit":5000,"fields":[` + repeated(900, `"metadata.a#"`, ",") + `]}`},
		{"/entities/by-refs", `{"entityRefs":[` + repeated(900, `"component:default/#"`, ",") + `],"fields":["kind"]}`},
		{"/entity-facets", `{"facets":["kind","metadata.name"]}`},
		{"/locations/by-query", `{"query":{"id":"x"}}`},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/catalog"+c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		cancel()
		w := httptest.NewRecorder()
		start := time.Now()
		aborted := func() (err error) {
			defer func() { err, _ = recover().(error) }()
			s.Config.Handler.ServeHTTP(w, r)
			return nil
		}()
		if took := time.Since(start); !errors.Is(aborted, http.ErrAbortHandler) || w.Body.Len() > 0 || took > 5*time.Second {
			t.Errorf("%s: aborted %v, %d bytes after %v: %.100s", c.path, aborted, w.Body.Len(), took, w.Body)
		}
	}
}
