package spacelift

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// policy is a permission backend that decides by the permission's name, and counts its requests. Services are not asked about.
type policy struct {
	mu       sync.Mutex // guards what follows
	decide   map[string]permission.Decision
	err      error
	requests int
}

func (p *policy) Authorize(ctx context.Context, who auth.Credentials, asked permission.Permission, ref string) (permission.Decision, error) {
	d, err := p.AuthorizeAll(ctx, who, []permission.Query{{Permission: asked, ResourceRef: ref}})
	if err != nil {
		return permission.Decision{}, err
	}
	return d[0], nil
}

func (p *policy) AuthorizeAll(ctx context.Context, who auth.Credentials, queries []permission.Query) ([]permission.Decision, error) {
	if who.IsService() {
		return permission.AuthorizeAll(ctx, &permission.Local{}, who, queries)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	out := make([]permission.Decision, len(queries))
	for i, q := range queries {
		d, ok := p.decide[q.Permission.Name]
		if !ok {
			d.Result = permission.Allow
		}
		out[i] = d
	}
	return out, p.err
}

// set replaces the policy: criteria by permission; "" denies.
func (p *policy) set(t *testing.T, criteria map[string]string) {
	t.Helper()
	decide := map[string]permission.Decision{}
	for name, text := range criteria {
		if text == "" {
			decide[name] = permission.Decision{Result: permission.Deny}
			continue
		}
		v, err := entity.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		decide[name] = permission.Decision{Result: permission.Conditional, PluginID: pluginID, ResourceType: "spacelift-stack", Conditions: v}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide, p.err = decide, nil
}

func (p *policy) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *policy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

func rule(name, param string, values ...string) string {
	list, err := json.Marshal(append([]string{}, values...))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf(`{"rule":%q,"resourceType":"spacelift-stack","params":{%q:%s}}`, name, param, list)
}

const (
	stackRead  = "spacelift.stack.read"
	runRead    = "spacelift.run.read"
	runTrigger = "spacelift.run.trigger"
)

// owned is a catalog whose entity names a stack and belongs to a team.
func owned(t *testing.T, stack string) *catalog {
	t.Helper()
	c := annotated(t, map[string]string{"svc": stack, "other": "nothing-that-is"})
	e := c.entities["component:default/svc"]
	relations, err := entity.ParseJSON([]byte(`[{"type":"ownedBy","targetRef":"group:default/Team-A"},{"type":"partOf","targetRef":"group:default/team-b"}]`))
	if err != nil {
		t.Fatal(err)
	}
	e.Set("relations", relations)
	return c
}

// compatIDs are the ids of GET /stacks.
func compatIDs(t *testing.T, a answer) []string {
	t.Helper()
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	ids := []string{}
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestAPolicyChoosesStacks compares what is shown under each rule with the stacks that it is about.
func TestAPolicyChoosesStacks(t *testing.T) {
	t.Parallel()
	p, c := &policy{}, &catalog{}
	s := demo(t, setup{permissions: p, catalog: c})
	all := s.plugin.mirror.Snapshot()
	*c = *owned(t, all.Stacks[3].ID)
	c.position++
	first, second := all.Stacks[0], all.Stacks[1]
	label := ""
	for _, stack := range all.Stacks {
		if len(stack.Labels) > 0 {
			label = stack.Labels[0]
		}
	}
	where := func(keep func(*client.Stack) bool) []string {
		ids := []string{}
		for _, stack := range all.Stacks {
			if keep(&stack.Stack) {
				ids = append(ids, stack.ID)
			}
		}
		slices.Sort(ids)
		return ids
	}
	isFirst := rule("IS_STACK", "ids", first.ID)
	for _, tc := range []struct {
		name, criteria string
		keep           func(*client.Stack) bool
	}{
		{"id", rule("IS_STACK", "ids", first.ID, "nope", second.ID), func(c *client.Stack) bool { return c.ID == first.ID || c.ID == second.ID }},
		{"no ids", rule("IS_STACK", "ids"), func(*client.Stack) bool { return false }},
		{"not", `{"not":` + isFirst + `}`, func(c *client.Stack) bool { return c.ID != first.ID }},
		{"label", rule("HAS_LABEL", "labels", label), func(c *client.Stack) bool { return slices.Contains(c.Labels, label) }},
		{"space", rule("IN_SPACE", "spaces", first.Space.ID), func(c *client.Stack) bool { return all.Within(c.Space.ID, first.Space.ID) }},
		{"all spaces", rule("IN_SPACE", "spaces", "root"), func(*client.Stack) bool { return true }},
		{"owner", rule("IS_STACK_OWNER", "claims", "group:default/team-a"), func(c *client.Stack) bool { return c.ID == all.Stacks[3].ID }},
		{"another relation is none", rule("IS_STACK_OWNER", "claims", "group:default/team-b"), func(*client.Stack) bool { return false }},
		{"any of", `{"anyOf":[` + isFirst + `,` + rule("IS_STACK_OWNER", "claims", "GROUP:default/team-a") + `]}`, func(c *client.Stack) bool { return c.ID == first.ID || c.ID == all.Stacks[3].ID }},
		{"all of", `{"allOf":[` + isFirst + `,{"not":` + isFirst + `}]}`, func(*client.Stack) bool { return false }},
	} {
		p.set(t, map[string]string{stackRead: tc.criteria})
		want, before := where(tc.keep), p.count()
		if got := compatIDs(t, s.get("/stacks")); !slices.Equal(got, want) {
			t.Errorf("%s: GET /stacks has %v, want %v", tc.name, got, want)
		}
		if n := p.count() - before; n != 1 {
			t.Errorf("%s: the policy was asked %d times for one list", tc.name, n)
		}
		if got := stackIDs(s, "/v1/stacks?limit=200"); !slices.Equal(sorted(got), want) {
			t.Errorf("%s: GET /v1/stacks has %v, want %v", tc.name, got, want)
		}
		if n := p.count() - before; n != 2 {
			t.Errorf("%s: the policy was asked %d times for two lists", tc.name, n)
		}
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// TestAHiddenStackIsNotThere, anywhere: not in facets, counts, spaces, single reads, runs, dependencies or events.
func TestAHiddenStackIsNotThere(t *testing.T) {
	t.Parallel()
	p := &policy{}
	s := demo(t, setup{permissions: p})
	all := s.plugin.mirror.Snapshot()
	var shown, hidden *client.Stack
	for _, stack := range all.Stacks {
		switch {
		case hidden == nil:
			if stack.Space.ID != "root" {
				hidden = &stack.Stack
			}
		case shown == nil && stack.Space.ID != hidden.Space.ID && stack.Space.Parent != hidden.Space.ID:
			shown = &stack.Stack
		}
	}
	only := rule("IS_STACK", "ids", shown.ID)
	whole := s.get("/stacks").header.Get("Etag")
	p.set(t, map[string]string{stackRead: only, runRead: only, runTrigger: only})
	a := s.get("/stacks")
	part := a.header.Get("Etag")
	if part == "" || part == whole {
		t.Errorf("the ETag of a part is %q, that of all %q", part, whole)
	}
	if again := s.get("/stacks", "If-None-Match: "+part); again.status != http.StatusNotModified {
		t.Errorf("the part again: %d", again.status)
	}
	if stale := s.get("/stacks", "If-None-Match: "+whole); stale.status != http.StatusOK {
		t.Errorf("what was seen before the policy changed is taken for current: %d", stale.status)
	}
	// Services see all: nobody asked the policy about them.
	if got := len(compatIDs(t, s.get("/stacks", "Authorization: Bearer service"))); got != len(all.Stacks) {
		t.Errorf("a service sees %d of %d", got, len(all.Stacks))
	}
	list := s.get("/v1/stacks").body
	var page struct {
		TotalItems     int
		Spaces         []struct{ ID, Name string }
		Groups, Labels []struct {
			Value string
			Count int
		}
	}
	if err := json.Unmarshal([]byte(list), &page); err != nil || page.TotalItems != 1 {
		t.Fatalf("%v in %s", err, list)
	}
	for _, text := range []string{hidden.ID, hidden.Name, hidden.Space.Name} {
		if strings.Contains(list, fmt.Sprintf("%q", text)) {
			t.Errorf("%q is in the list: %s", text, list)
		}
	}
	total := 0
	for _, g := range page.Groups {
		total += g.Count
	}
	if total != 1 || len(page.Labels) != len(shown.Labels) {
		t.Errorf("groups and labels count hidden stacks: %s", list)
	}
	if a := s.get("/v1/status"); !strings.Contains(a.body, `"stacks":1,`) {
		t.Errorf("the status counts hidden stacks: %s", a.body)
	}
	for _, id := range []string{hidden.ID, "nope"} {
		at := "/v1/stacks/" + url.PathEscape(id)
		for _, path := range []string{at, at + "/runs"} {
			if a := s.get(path); a.status != http.StatusNotFound || !strings.Contains(a.body, `"error":"there is no stack with this id, or it may not be seen"`) {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
		for _, path := range []string{at + "/runs", "/stacks/" + url.PathEscape(id) + "/trigger"} {
			if a := s.post(path, "{}"); a.status != http.StatusForbidden || !strings.Contains(a.body, `"code":"NOT_ALLOWED"`) {
				t.Errorf("POST %s: %d %s", path, a.status, a.body)
			}
		}
	}
	before := p.count()
	at := "/v1/stacks/" + url.PathEscape(shown.ID)
	if a := s.get(at); a.status != http.StatusOK || strings.Contains(a.body, fmt.Sprintf("%q", hidden.ID)) {
		t.Errorf("%s: %d %s", at, a.status, a.body)
	}
	if a := s.get(at + "/runs"); a.status != http.StatusOK {
		t.Errorf("%s/runs: %d %s", at, a.status, a.body)
	}
	if n := p.count() - before; n != 2 {
		t.Errorf("the policy was asked %d times for two requests", n)
	}
}

// TestRefusals are told in the plugin's own form, which the official frontend shows.
func TestRefusals(t *testing.T) {
	t.Parallel()
	p := &policy{}
	s := demo(t, setup{permissions: p})
	id := stackIDs(s, "/v1/stacks?state=FINISHED")[0]
	at := "/v1/stacks/" + url.PathEscape(id)
	p.set(t, map[string]string{runTrigger: ""})
	if a := s.get(at); !strings.Contains(a.body, `"trigger":{"allowed":false,"reason":"You may not trigger runs of this stack: the permission policy says so."`) {
		t.Errorf("the page would offer what is refused: %s", a.body)
	}
	for _, path := range []string{at + "/runs", "/stacks/" + url.PathEscape(id) + "/trigger"} {
		if a := s.post(path, "{}"); a.status != http.StatusForbidden || !strings.Contains(a.body, `"error":"You may not trigger`) {
			t.Errorf("POST %s: %d %s", path, a.status, a.body)
		}
	}
	p.set(t, map[string]string{stackRead: "", runRead: ""})
	for path, status := range map[string]int{"/stacks": 403, "/v1/stacks": 403, "/v1/status": 403, "/v1/events": 403, at: 404, at + "/runs": 404} {
		if a := s.get(path); a.status != status || !strings.Contains(a.body, `"error":"`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	// A rule that there is not is the policy's mistake: nothing is shown.
	p.set(t, map[string]string{stackRead: rule("NOPE", "ids")})
	if a := s.get("/stacks"); a.status != http.StatusInternalServerError || strings.Contains(a.body, "NOPE") {
		t.Errorf("an unknown rule: %d %s", a.status, a.body)
	}
	p.fail(fmt.Errorf("%w (the policy's secret)", fault.Unavailable("The permission backend cannot be reached")))
	for _, path := range []string{"/stacks", "/v1/stacks", at, at + "/runs", "/v1/status", "/v1/events"} {
		a := s.get(path)
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `"error":"The permission backend cannot be reached","code":"PERMISSION_UNAVAILABLE"`) || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := s.post(at+"/runs", "{}"); a.status != http.StatusServiceUnavailable {
		t.Errorf("a trigger: %d %s", a.status, a.body)
	}
}

// TestWithoutTheCatalogNobodyOwns: a policy that hangs on owners cannot be applied then, and one that does not can.
func TestWithoutTheCatalogNobodyOwns(t *testing.T) {
	t.Parallel()
	p := &policy{}
	s := demo(t, setup{permissions: p, catalog: &catalog{broken: fault.NotFound("the catalog's trouble")}})
	p.set(t, map[string]string{stackRead: `{"not":` + rule("IS_STACK_OWNER", "claims", "group:default/a") + `}`})
	if a := s.get("/stacks"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "PERMISSION_UNAVAILABLE") || strings.Contains(a.body, "trouble") {
		t.Errorf("%d %s", a.status, a.body)
	}
	p.set(t, map[string]string{stackRead: rule("IN_SPACE", "spaces", "root")})
	if a := s.get("/stacks"); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestPermissionsAreDescribed: an existing policy finds the ids and the rules, and the permission backend may ask back.
func TestPermissionsAreDescribed(t *testing.T) {
	t.Parallel()
	s := demo(t, setup{})
	a := s.get("/.well-known/backstage/permissions/metadata")
	for _, text := range []string{
		stackRead, runRead, runTrigger, "IS_STACK", "IN_SPACE", "HAS_LABEL", "IS_STACK_OWNER", `"resourceType":"spacelift-stack"`,
	} {
		if !strings.Contains(a.body, text) {
			t.Errorf("%s is not in %s", text, a.body)
		}
	}
	id := s.plugin.mirror.Snapshot().Stacks[0].ID
	body := fmt.Sprintf(`{"items":[{"id":"1","resourceRef":[%q,"nope"],"resourceType":"spacelift-stack","conditions":%s}]}`, id, rule("IN_SPACE", "spaces", "root"))
	const path = "/.well-known/backstage/permissions/apply-conditions"
	if a := s.send(http.MethodPost, path, body, "Content-Type: application/json", "Authorization: Bearer service"); a.body != `{"items":[{"id":"1","result":["ALLOW","DENY"]}]}` {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := s.post(path, body); a.status != http.StatusForbidden {
		t.Errorf("a user: %d %s", a.status, a.body)
	}
}
