package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
)

// document loads what is served and checks that it is OpenAPI 3.0.
func document(t *testing.T, s *server) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(s.get("/openapi.json").body))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestOpenAPIIsWhatIsServed compares the operations of the document with the routes, both ways.
func TestOpenAPIIsWhatIsServed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var described []string
	for path, item := range document(t, s).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+strings.TrimPrefix(path, "/api/catalog"))
		}
	}
	served := s.routes.Patterns()
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described %q\nserved    %q", described, served)
	}
}

// TestOpenAPIDescribesAnswers validates real answers against their schemas, and that every documented parameter is taken.
func TestOpenAPIDescribesAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, append(goldenCatalog(t), indextest.Generate(20, 1)...)...)
	s.ledger.parents = goldenParents(t)
	s.ledger.registers = registered()
	s.ledger.failed, s.ledger.pending = unfinished(), unfinished()[2:]
	doc := document(t, s)
	const name = "/entities/by-name/component/default/svc-api"
	for _, c := range []struct{ method, route, path, body string }{
		{"GET", "/entities", "/entities?limit=100&offset=0&fields=apiVersion,kind,metadata,relations&filter=kind&order=asc:kind", ""},
		{"GET", "/entities/by-uid/{uid}", "/entities/by-uid/f3a804e2-a501-4a52-b310-e1e434535e40", ""},
		{"GET", "/entities/by-name/{kind}/{namespace}/{name}", name, ""},
		{"GET", "/entities/by-name/{kind}/{namespace}/{name}/ancestry", name + "/ancestry", ""},
		{"POST", "/entities/by-refs", "/entities/by-refs?filter=kind", `{"entityRefs":["x","component:default/svc-api"],"query":{"kind":"component"}}`},
		{"GET", "/entities/by-query", "/entities/by-query?limit=3&offset=1&orderField=kind,asc&filter=kind&fullTextFilterTerm=c&fullTextFilterFields=kind&totalItems=include", ""},
		{"POST", "/entities/by-query", "/entities/by-query", `{"limit":2,"orderBy":[{"field":"metadata.name","order":"desc"}]}`},
		{"GET", "/entity-facets", "/entity-facets?facet=kind&filter=kind", ""},
		{"POST", "/entity-facets", "/entity-facets", `{"facets":["kind","nope"]}`},
		{"GET", "/locations", "/locations", ""},
		{"POST", "/locations/by-query", "/locations/by-query", `{"limit":1}`},
		{"GET", "/locations/{id}", "/locations/00000001-aaaa-4000-8000-000000000000", ""},
		{"GET", "/entities/unprocessed/failed", "/entities/unprocessed/failed?owner=team-a&limit=5", ""},
		{"GET", "/entities/unprocessed/pending", "/entities/unprocessed/pending", ""},
		{"GET", "/openapi.json", "/openapi.json", ""},
		{"GET", "/entities/by-uid/{uid}", "/entities/by-uid/nope", ""},
		{
			"POST", applyPath, applyPath,
			`{"items":[{"id":"1","resourceType":"catalog-entity","resourceRef":["x"],"conditions":{"rule":"HAS_LABEL","resourceType":"catalog-entity","params":{"label":"a"}}}]}`,
		},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := s.do(c.method, c.path, c.body, callerHeader, "service")
			op := doc.Paths.Value("/api/catalog" + c.route).GetOperation(c.method)
			response := op.Responses.Value(fmt.Sprint(a.StatusCode))
			if response == nil {
				t.Fatalf("status %d is not described", a.StatusCode)
			}
			v := anyJSON(t, a.body)
			if err := response.Value.Content["application/json"].Schema.Value.VisitJSON(v); err != nil {
				t.Error(err)
			}
			checkParameters(t, op, c.path)
		})
	}
}

// checkParameters makes sure that every query parameter of the request is described; requests above use all of them.
func checkParameters(t *testing.T, op *openapi3.Operation, path string) {
	_, raw, _ := strings.Cut(path, "?")
	for part := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name != "" && op.Parameters.GetByInAndName("query", name) == nil {
			t.Errorf("parameter %s is not described", name)
		}
	}
}

// TestDescribedParametersAreTaken sends each described query parameter with a sensible value.
func TestDescribedParametersAreTaken(t *testing.T) {
	t.Parallel()
	s := serve(t, chain("a")...)
	s.ledger.registers = []ledger.Location{}
	sample := map[string]string{
		"order": "asc:kind", "limit": "1", "offset": "1", "after": "e30=", "totalItems": "exclude", "cursor": "",
	}
	for path, item := range document(t, s).Paths.Map() {
		for method, op := range item.Operations() {
			for _, p := range op.Parameters {
				value, known := sample[p.Value.Name]
				if !known {
					value = "kind"
				}
				if p.Value.In != "query" || value == "" {
					continue
				}
				body := ""
				if method == http.MethodPost {
					body = `{"entityRefs":[],"facets":[]}`
				}
				url := strings.TrimPrefix(path, "/api/catalog") + "?" + p.Value.Name + "=" + value
				if strings.Contains(path, "facets") && p.Value.Name != "facet" {
					url += "&facet=kind"
				}
				if a := s.do(method, url, body); a.StatusCode != http.StatusOK {
					t.Errorf("%s %s: %d %s", method, url, a.StatusCode, a.body)
				}
			}
		}
	}
}
