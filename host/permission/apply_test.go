package permission_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
)

// TestApplyConditions calls the route over HTTP, with real tokens (core.md 8.2).
func TestApplyConditions(t *testing.T) {
	t.Parallel()
	p := start(t, "")
	service, err := p.theirs.auth.IssueToken(t.Context(), "permission", auth.PluginCredentials("permission"), "widgets")
	if err != nil {
		t.Fatal(err)
	}
	jane, err := p.theirs.auth.Verify(t.Context(), "permission", p.token(t, "user:default/jane"), false)
	if err != nil {
		t.Fatal(err)
	}
	onBehalf, err := p.theirs.auth.IssueToken(t.Context(), "permission", jane, "widgets")
	if err != nil {
		t.Fatal(err)
	}
	const isA = `{"rule":"IS_NAMED","resourceType":"widget","params":{"names":["a"]}}`
	item := func(ref, conditions string) string {
		return `{"items":[{"id":"1","resourceRef":` + ref + `,"resourceType":"widget","conditions":` + conditions + `}]}`
	}
	for _, c := range []struct {
		name, token, body string
		status            int
		want              string
	}{
		{"a service", service, item(`"a"`, isA), 200, `{"items":[{"id":"1","result":"ALLOW"}]}`},
		{"on a user's behalf", onBehalf, item(`"b"`, isA), 200, `{"items":[{"id":"1","result":"DENY"}]}`},
		{"a user", jane.Token(), item(`"a"`, isA), 403, `"message":""`},
		{"nobody", "", item(`"a"`, isA), 401, "Missing credentials"},
		{"a list", service, item(`["a","b","unknown"]`, isA), 200, `{"items":[{"id":"1","result":["ALLOW","DENY","DENY"]}]}`},
		{"an unknown resource, under not", service, item(`"unknown"`, `{"not":`+isA+`}`), 200, `{"items":[{"id":"1","result":"DENY"}]}`},
		{"all of", service, item(`"a"`, `{"allOf":[`+isA+`,{"not":`+isA+`}]}`), 200, `{"items":[{"id":"1","result":"DENY"}]}`},
		{"any of", service, item(`"b"`, `{"anyOf":[`+isA+`,{"not":`+isA+`}]}`), 200, `{"items":[{"id":"1","result":"ALLOW"}]}`},
		{"none", service, `{"items":[]}`, 200, `{"items":[]}`},
		{"other types", service, `{"items":[{"id":"1","resourceRef":"a","resourceType":"x","conditions":` + isA + `},{"id":"2","resourceRef":"a","resourceType":"y","conditions":` + isA + `}]}`, 400, `Unexpected resource types: x, y.`},
		{"unknown rule", service, item(`"a"`, `{"rule":"NOPE","resourceType":"widget"}`), 400, "permission rule 'NOPE' does not exist for resource type 'widget'"},
		{"unknown rule that decides nothing", service, item(`"a"`, `{"anyOf":[`+isA+`,{"rule":"NOPE","resourceType":"widget"}]}`), 400, "NOPE"},
		{"rule of another type", service, item(`"a"`, `{"rule":"IS_NAMED","resourceType":"x","params":{"names":[]}}`), 400, "is used for resource type 'x'"},
		{"no parameter", service, item(`"a"`, `{"rule":"IS_NAMED","resourceType":"widget"}`), 400, "IS_NAMED needs a list of texts in 'names'"},
		{"parameter of another type", service, item(`"a"`, `{"rule":"IS_NAMED","resourceType":"widget","params":{"names":"a"}}`), 400, "IS_NAMED needs a list"},
		{"no items", service, `{}`, 400, "'items' must be a list"},
		{"no body", service, ``, 400, "'items' must be a list"},
		{"no JSON", service, `{`, 400, ""},
		{"no id", service, `{"items":[{"resourceRef":"a","resourceType":"widget","conditions":` + isA + `}]}`, 400, "items[0] needs"},
		{"an item that is none", service, `{"items":[7]}`, 400, "items[0] needs"},
		{"a ref that is none", service, item(`7`, isA), 400, "items[0].resourceRef"},
		{"no refs", service, item(`[]`, isA), 400, "items[0].resourceRef"},
		{"an empty list of criteria", service, item(`"a"`, `{"allOf":[]}`), 400, "items[0].conditions"},
		{"no criteria", service, item(`"a"`, `null`), 400, "criteria are missing"},
		{"too deep", service, item(`"a"`, strings.Repeat(`{"not":`, 70)+isA+strings.Repeat(`}`, 70)), 400, "more than 64 levels"},
		{"too wide", service, item(`"a"`, `{"anyOf":[`+strings.TrimSuffix(strings.Repeat(isA+",", 10_001), ",")+`]}`), 400, "more than 10000 parts"},
		{"too many items", service, `{"items":[` + strings.TrimSuffix(strings.Repeat("7,", 10_001), ",") + `]}`, 400, "more than 10000 items"},
		{"too many refs", service, item(`[`+strings.TrimSuffix(strings.Repeat(`"a",`, 100_001), ",")+`]`, isA), 400, "more than 100000"},
		{"too long", service, `{"items":"` + strings.Repeat("x", 5<<20) + `"}`, 413, ""},
	} {
		status, body := p.apply(t.Context(), c.token, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %.300s, want %d %s", c.name, status, body, c.status, c.want)
		}
	}
}

// TestApplyWithoutLoader: a plugin that only describes its rules says 501.
func TestApplyWithoutLoader(t *testing.T) {
	t.Parallel()
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin("widgets")
	if err != nil {
		t.Fatal(err)
	}
	routes.Open("/")
	described := widgets()
	described.Apply = nil
	permission.Mount(routes, nil, described)
	routes.Initialized()
	w := httptest.NewRecorder()
	body := `{"items":[{"id":"1","resourceRef":"a","resourceType":"widget","conditions":{"rule":"IS_NAMED","resourceType":"widget","params":{"names":[]}}}]}`
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/widgets/.well-known/backstage/permissions/apply-conditions", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	rt.ServeHTTP(w, r.WithContext(auth.WithCredentials(r.Context(), auth.PluginCredentials("permission"))))
	if w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), "NotImplementedError") {
		t.Error(fmt.Sprint(w.Code, w.Body))
	}
}
