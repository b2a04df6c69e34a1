package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
	"github.com/understudy-portal/understudy/entity"
)

func anyJSON(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return v
}

// sane fails on what no request may cause: an internal error, or a body that is not JSON.
func sane(t *testing.T, s *server, r *http.Request) answer {
	t.Helper()
	w := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(w, r)
	a := answer{w.Result(), w.Body.String()}
	if a.StatusCode != http.StatusOK && a.StatusCode != http.StatusBadRequest {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL, a.StatusCode, a.body)
	}
	if _, err := entity.ParseJSON([]byte(a.body)); err != nil {
		t.Fatalf("%s %s: %v: %q", r.Method, r.URL, err, a.body)
	}
	return a
}

// FuzzCursor sends anything as a cursor. What is accepted must lead to a page whose own cursors are accepted.
func FuzzCursor(f *testing.F) {
	s := serve(f, indextest.Generate(50, 1)...)
	for _, seed := range []string{
		`{"orderFields":[{"field":"metadata.name","order":"asc"}],"isPrevious":false,"query":{"kind":"component"},"fullTextFilter":{"term":""},"orderFieldValues":["a","b"],"firstSortFieldValues":["a","b"],"totalItems":4}`,
		`{"orderFields":[],"isPrevious":true,"orderFieldValues":["7"],"filter":{"anyOf":[{"key":"kind","values":["api"]}]},"totalItems":1e300}`,
		`{"orderFields":[{"field":"","order":"desc"}],"isPrevious":true,"orderFieldValues":[null,null]}`, `{}`, `[`, ``, `{"a":"\ud800"}`,
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		limit %= 1000
		for _, text := range []string{string(data), base64.StdEncoding.EncodeToString(data)} {
			values := url.Values{"cursor": {text}, "limit": {strconv.Itoa(limit)}}
			a := sane(t, s, httptest.NewRequest(http.MethodGet, "/api/catalog/entities/by-query?"+values.Encode(), nil))
			if a.StatusCode != http.StatusOK {
				continue
			}
			for _, key := range []string{"nextCursor", "prevCursor"} {
				next, ok := a.json(t).Path("pageInfo", key).(string)
				if !ok {
					continue
				}
				again := sane(t, s, httptest.NewRequest(http.MethodGet, "/api/catalog/entities/by-query?cursor="+url.QueryEscape(next), nil))
				if again.StatusCode != http.StatusOK {
					t.Fatalf("our own cursor is refused: %s", again.body)
				}
			}
		}
	})
}

// FuzzParameters sends anything as a query string to the routes that read one.
func FuzzParameters(f *testing.F) {
	s := serve(f, indextest.Generate(20, 1)...)
	for _, seed := range []string{
		"filter=kind=component,spec.type=x&filter=%20&order=asc:kind&limit=3&fields=a,b.c", "orderField=a,asc&fullTextFilterTerm=%25&limit=0x10",
		"facet=kind&facet=%00&filter=__proto__=1", "after=eyJsaW1pdCI6Mn0=", "%zz=%&+=+&&=", "limit=1e5&offset=9999999999999999999999", "fields=%5B&filter=%3D",
		"fields=constructor.name,__proto__&filter=constructor", "totalItems=exclude&cursor=",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, path := range []string{"/entities", "/entities/by-query", "/entity-facets"} {
			r := httptest.NewRequest(http.MethodGet, "/api/catalog"+path, nil)
			r.URL.RawQuery = raw
			sane(t, s, r)
		}
	})
}

// FuzzBodies sends anything as a body to the routes that read one.
func FuzzBodies(f *testing.F) {
	s := serve(f, indextest.Generate(20, 1)...)
	s.ledger.registers = registered()
	for _, seed := range []string{
		`{"entityRefs":["component:default/x",":","/"],"facets":["kind"],"query":{"$all":[{"kind":"api"},{"$not":{"a":{"$hasPrefix":"%"}}}]},"fields":["kind"]}`,
		`{"limit":1e400,"offset":-0,"orderBy":[{"field":"x","order":"asc"}],"fullTextFilter":{"term":"\u0000","fields":[""]},"totalItems":"exclude"}`,
		`{"cursor":"eyJsaW1pdCI6MSwiYWZ0ZXJJZCI6IiJ9","query":{"id":{"$in":[1,true]}}}`, `{"query":{"type":{"$exists":1}}}`, `[]`, `{"query":{"$any":[{"$any":[{}]}]}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/entities/by-query", "/entities/by-refs", "/entity-facets", "/locations/by-query"} {
			sane(t, s, post(path, body))
		}
	})
}
