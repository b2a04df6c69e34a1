package spacelift

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/understudy-portal/understudy/entity"
	sim "github.com/understudy-portal/understudy/sim/spacelift"
)

// conform validates an answer against its schema in openapi.yaml.
func conform(t *testing.T, doc *openapi3.T, method, route string, a answer) {
	t.Helper()
	item := doc.Paths.Value(route)
	if item == nil {
		t.Fatalf("%s is not described", route)
	}
	response := item.GetOperation(method).Responses.Value(fmt.Sprint(a.status))
	if response == nil {
		response = item.GetOperation(method).Responses.Default()
	}
	var v any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%s: %v in %s", route, err, a.body)
	}
	if err := response.Value.Content.Get("application/json").Schema.Value.VisitJSON(v, openapi3.MultiErrors()); err != nil {
		t.Errorf("%s %s: %d %v\n%s", method, route, a.status, err, a.body)
	}
}

func document(t *testing.T, s *server) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(s.get("/v1/openapi.json").body))
	if err == nil {
		err = doc.Validate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func annotated(t *testing.T, docs map[string]string) *catalog {
	t.Helper()
	c := &catalog{entities: map[string]entity.Entity{}, hidden: map[string]bool{}}
	for name, ids := range docs {
		o, err := entity.ParseObject([]byte(fmt.Sprintf(`{"apiVersion":"backstage.io/v1alpha1","kind":"Component",
			"metadata":{"name":%q,"annotations":{"spacelift.io/stack-id":%q}}}`, name, ids)))
		if err != nil {
			t.Fatal(err)
		}
		c.entities["component:default/"+name] = entity.FromObject(o)
	}
	return c
}

// demo is a server on the account of the preset demo, which has every state.
func demo(t *testing.T, s setup) *server {
	t.Helper()
	_, s.upstream = account(t, sim.Options{Preset: sim.Demo, Seed: 1})
	out := start(t, s)
	out.until("the first sweep", func() bool { return out.plugin.mirror.Snapshot().Synced() })
	return out
}

func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{})
	doc := document(t, s)
	for _, id := range append(stackIDs(s, "/v1/stacks?limit=200"), "nope") {
		at := "/v1/stacks/" + url.PathEscape(id)
		conform(t, doc, http.MethodGet, "/stacks/{id}", s.get(at))
		conform(t, doc, http.MethodGet, "/stacks/{id}/runs", s.get(at+"/runs"))
	}
	for _, query := range []string{"", "?limit=1", "?q=prod", "?state=FINISHED", "?group=failed", "?limit=0", "?group=nope", "?cursor=!", "?entityRef=x"} {
		conform(t, doc, http.MethodGet, "/stacks", s.get("/v1/stacks"+query))
	}
	conform(t, doc, http.MethodGet, "/status", s.get("/v1/status"))
	id := stackIDs(s, "/v1/stacks?state=FINISHED")[0]
	for _, body := range []string{`{"reason":"because"}`, `{}`, `{"reason":"` + strings.Repeat("x", 501) + `"}`} {
		conform(t, doc, http.MethodPost, "/stacks/{id}/runs", s.post("/v1/stacks/"+id+"/runs", body))
	}
	conform(t, doc, http.MethodGet, "/stacks/{id}", s.get("/v1/stacks/"+id))
	conform(t, doc, http.MethodGet, "/stacks/{id}/runs", s.get("/v1/stacks/"+id+"/runs"))
	noSecrets(t, s.log.String())
}

// TestDescribedOperationsAreServed goes the other way.
func TestDescribedOperationsAreServed(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{})
	for path, item := range document(t, s).Paths.Map() {
		for method := range item.Operations() {
			if strings.HasSuffix(path, "/events") {
				continue
			}
			if a := s.send(method, "/v1"+strings.ReplaceAll(path, "{id}", "x"), ""); a.status == http.StatusNotFound && a.body == "" {
				t.Errorf("%s %s is not served", method, path)
			}
		}
	}
}

type page struct {
	Items []struct {
		ID, Name, State, Group, Vendor, Repository, Namespace string
		Labels                                                []string
		Space                                                 struct{ ID string }
		Trigger                                               struct {
			Allowed bool
			Reason  string
			Pending *struct{ Outcome, RequestedBy string }
		}
	}
	NextCursor string
	TotalItems int
	Groups     []struct {
		Value string
		Count int
	}
	Spaces []struct{ ID, Parent string }
}

func stackIDs(s *server, path string) []string {
	s.t.Helper()
	var p page
	s.json(path, &p)
	list := []string{}
	for _, item := range p.Items {
		list = append(list, item.ID)
	}
	return list
}

func TestPagesHoldEveryStackOnce(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{})
	all := stackIDs(s, "/v1/stacks?limit=200")
	var got []string
	for path := "/v1/stacks?limit=7"; ; {
		var p page
		s.json(path, &p)
		if p.TotalItems != len(all) || len(p.Items) > 7 {
			t.Fatalf("%s: %d of %d", path, len(p.Items), p.TotalItems)
		}
		for _, item := range p.Items {
			got = append(got, item.ID)
		}
		if p.NextCursor == "" {
			break
		}
		path = "/v1/stacks?limit=7&cursor=" + p.NextCursor
	}
	if !slices.Equal(got, all) || len(all) < 39 {
		t.Errorf("pages hold %d of %d stacks", len(got), len(all))
	}
}

// A cursor that is given out is taken, whatever it was asked with.
func TestPagesOfAnEntitysStacks(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{catalog: annotated(t, map[string]string{"one": "prod-network, prod-dns, nope"})})
	want := stackIDs(s, "/v1/stacks?entityRef=component:default/one")
	if len(want) != 2 {
		t.Fatalf("the entity has the stacks %q", want)
	}
	var got []string
	for path, cursor := "/v1/stacks?limit=1&entityRef=component:default/one", "-"; cursor != ""; {
		var p page
		s.json(path, &p)
		for _, item := range p.Items {
			got = append(got, item.ID)
		}
		cursor = p.NextCursor
		path = "/v1/stacks?limit=1&entityRef=component:default/one&cursor=" + cursor
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages hold %q, want %q", got, want)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{catalog: annotated(t, map[string]string{"one": "prod-network, nope"})})
	var all page
	s.json("/v1/stacks?limit=200", &all)
	parents := map[string]string{}
	for _, space := range all.Spaces {
		parents[space.ID] = space.Parent
	}
	space := all.Items[0].Space.ID
	under := func(id string) bool {
		for ; id != ""; id = parents[id] {
			if id == space {
				return true
			}
		}
		return false
	}
	label := ""
	for _, item := range all.Items {
		if len(item.Labels) > 0 {
			label = item.Labels[0]
		}
	}
	one := all.Items[3]
	type item = struct {
		ID, Name, State, Group, Vendor, Repository, Namespace string
		Labels                                                []string
		Space                                                 struct{ ID string }
		Trigger                                               struct {
			Allowed bool
			Reason  string
			Pending *struct{ Outcome, RequestedBy string }
		}
	}
	for query, want := range map[string]func(item) bool{
		"state=FINISHED":                  func(i item) bool { return i.State == "FINISHED" },
		"state=FINISHED&state=FAILED":     func(i item) bool { return i.State == "FINISHED" || i.State == "FAILED" },
		"group=failed&group=attention":    func(i item) bool { return i.Group == "failed" || i.Group == "attention" },
		"group=failed&state=FINISHED":     func(item) bool { return false },
		"label=" + url.QueryEscape(label): func(i item) bool { return slices.Contains(i.Labels, label) },
		"space=" + space:                  func(i item) bool { return under(i.Space.ID) },
		"space=root":                      func(item) bool { return true },
		"repository=" + one.Repository:    func(i item) bool { return i.Repository == one.Repository },
		"repository=" + url.QueryEscape(one.Namespace+"/"+one.Repository): func(i item) bool { return i.Repository == one.Repository && i.Namespace == one.Namespace },
		"vendor=" + one.Vendor:                          func(i item) bool { return i.Vendor == one.Vendor },
		"q=" + url.QueryEscape(strings.ToUpper(one.ID)): func(i item) bool { return strings.Contains(i.ID, one.ID) },
		"q=nowhere+to+be+found":                         func(item) bool { return false },
		"entityRef=component:default/one":               func(i item) bool { return i.ID == "prod-network" },
		"entityRef=component:default/nobody":            func(item) bool { return false },
	} {
		var expected []string
		for _, i := range all.Items {
			if want(i) {
				expected = append(expected, i.ID)
			}
		}
		if got := stackIDs(s, "/v1/stacks?limit=200&"+query); !slices.Equal(got, expected) && len(got)+len(expected) > 0 {
			t.Errorf("%s: %q, want %q", query, got, expected)
		}
	}
	for _, query := range []string{"limit=0", "limit=201", "limit=x", "group=x", "cursor=x", "cursor=YQ", "entityRef=::", "q=" + strings.Repeat("x", 201), strings.Repeat("state=x&", 101)} {
		a := s.get("/v1/stacks?" + query)
		if _, code := errorOf(t, a); a.status != http.StatusBadRequest || code != "INVALID" {
			t.Errorf("%.40s: %d %s", query, a.status, a.body)
		}
	}
}

// The counts of groups are those of what the other filters leave: what one would see who chose the group.
func TestGroupsAreCountedWithinTheOtherFilters(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{more: ", readOnly: false"})
	for _, filter := range []string{"", "&label=env:staging", "&q=prod", "&label=env:staging&group=failed&state=FINISHED"} {
		others := strings.ReplaceAll(strings.ReplaceAll(filter, "&group=failed", ""), "&state=FINISHED", "")
		var whole, asked page
		s.json("/v1/stacks?limit=200"+others, &whole)
		s.json("/v1/stacks?limit=200"+filter, &asked)
		want := map[string]int{}
		for _, i := range whole.Items {
			want[i.Group]++
		}
		for _, g := range asked.Groups {
			if g.Count != want[g.Value] {
				t.Errorf("%s: %d in %s, want %d", filter, g.Count, g.Value, want[g.Value])
			}
			delete(want, g.Value)
		}
		if len(want) > 0 {
			t.Errorf("%s: no counts for %v", filter, want)
		}
	}
}

func TestNothingNewIs304(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{more: ", readOnly: false"})
	for _, path := range []string{"/stacks", "/v1/stacks"} {
		first := s.get(path)
		if age := first.header.Get("Understudy-Data-Age"); age == "" {
			t.Errorf("%s: no age", path)
		}
		again := s.get(path, "If-None-Match: "+first.header.Get("Etag"))
		if again.status != http.StatusNotModified || again.body != "" {
			t.Errorf("%s: %d %.100s", path, again.status, again.body)
		}
		zipped := s.get(path, "Accept-Encoding: gzip")
		if zipped.header.Get("Content-Encoding") != "gzip" || zipped.header.Get("Etag") != first.header.Get("Etag") || !strings.Contains(zipped.header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: %v", path, zipped.header)
		}
		if plain := s.get(path, "Accept-Encoding: gzip;q=0"); plain.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: compressed for somebody who refuses it", path)
		}
	}
}

func TestWhoMayTrigger(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{})
	var p page
	s.json("/v1/stacks?limit=200", &p)
	reasons := map[string]bool{}
	for _, item := range p.Items {
		if item.Trigger.Allowed == (item.Trigger.Reason != "") {
			t.Errorf("%s: %+v", item.ID, item.Trigger)
		}
		if item.Trigger.Allowed && item.Group == "progress" {
			t.Errorf("%s runs, and can be triggered", item.ID)
		}
		word, _, _ := strings.Cut(item.Trigger.Reason, " by ")
		reasons[word] = true
	}
	for _, want := range []string{"", "The stack is locked", "The stack is disabled.", "The stack is being deleted.", "A run is under way."} {
		if !reasons[want] {
			t.Errorf("no stack says %q, but %v", want, reasons)
		}
	}
}

func TestReadOnlyRefusesTriggersAlone(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{})
	s := start(t, setup{upstream: url, more: ", readOnly: yes"})
	for _, route := range []string{"/stacks/prod-network/trigger", "/v1/stacks/prod-network/runs"} {
		a := s.post(route, `{}`)
		text, code := errorOf(t, a)
		if a.status != http.StatusForbidden || text != "Trigger functionality is disabled. Plugin is in read-only mode." || code != "READ_ONLY" {
			t.Errorf("%s: %d %s", route, a.status, a.body)
		}
	}
	if n := up.Asked("runTrigger"); n != 0 {
		t.Errorf("Spacelift was asked %d times", n)
	}
	if events := s.audits(); len(events) != 2 {
		t.Errorf("audit events: %v", events)
	}
	var status struct{ ReadOnly, CanWrite bool }
	s.json("/v1/status", &status)
	if !status.ReadOnly || status.CanWrite {
		t.Errorf("status %+v", status)
	}
	for _, path := range []string{"/stacks", "/v1/stacks", "/v1/stacks/prod-network", "/v1/stacks/prod-network/runs"} {
		if a := s.get(path); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	// The key need not be an admin's then.
	if n := strings.Count(s.log.String(), "but the API key may write"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

func TestAKeyThatMayOnlyReadIsKnown(t *testing.T) {
	t.Parallel()
	_, url := account(t, sim.Options{})
	s := start(t, setup{config: strings.ReplaceAll(section1(url, ""), sim.AdminKey, sim.ReaderKey)})
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	var status struct{ ReadOnly, CanWrite bool }
	s.json("/v1/status", &status)
	if status.ReadOnly || status.CanWrite {
		t.Errorf("status %+v", status)
	}
	s = start(t, setup{config: strings.ReplaceAll(section1(url, ", readOnly: true"), sim.AdminKey, sim.ReaderKey)})
	s.until("the first sweep", func() bool { return s.plugin.mirror.Snapshot().Synced() })
	if strings.Contains(s.log.String(), "but the API key may write") {
		t.Error("it is said of a key that may only read")
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	up, url := account(t, sim.Options{})
	s := start(t, setup{upstream: url})
	for _, route := range []string{"/stacks/prod-network/trigger", "/v1/stacks/prod-network/runs"} {
		for _, c := range []struct {
			body   string
			status int
			want   string
		}{
			{"{", 400, `{"error":{"name":"SyntaxError"`},
			{`{"reason":"` + strings.Repeat("x", 100<<10) + `"}`, 413, `{"error":{"name":"PayloadTooLargeError"`},
		} {
			if a := s.post(route, c.body); a.status != c.status || !strings.HasPrefix(a.body, c.want) {
				t.Errorf("%s: %d %.200s, want %d", route, a.status, a.body, c.status)
			}
		}
	}
	if a := s.post("/v1/stacks/prod-network/runs", `{"reason":7}`); a.status != http.StatusBadRequest {
		t.Errorf("a reason that is a number: %d %s", a.status, a.body)
	}
	if n := up.Asked("runTrigger"); n != 0 {
		t.Errorf("Spacelift was asked %d times", n)
	}
	if events := s.audits(); len(events) != 5 {
		t.Errorf("%d audit events", len(events))
	}
	// As upstream's, the official route takes any body that is not declared as JSON.
	if a := s.send(http.MethodPost, "/Stacks/prod-network/trigger/", "{"); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestEntitiesOfAStack(t *testing.T) {
	t.Parallel()
	c := annotated(t, map[string]string{"one": "prod-network", "two": " x ,prod-network, ", "hidden": "prod-network", "other": "else"})
	c.hidden["component:default/hidden"] = true
	_, url := account(t, sim.Options{})
	s := start(t, setup{upstream: url, catalog: c})
	var d struct{ Entities []string }
	s.json("/v1/stacks/prod-network", &d)
	if want := []string{"component:default/one", "component:default/two"}; !slices.Equal(d.Entities, want) {
		t.Errorf("got %q", d.Entities)
	}
}
