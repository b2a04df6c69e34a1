package permission_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
)

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{}`, `permission: {}`, `permission: { enabled: false }`, `permission: { enabled: 'no' }`} {
		if _, err := permission.New(parse(t, text), nil); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	alone := parse(t, "permission:\n  enabled: true\n")
	where, err := discovery.Load(alone)
	if err != nil {
		t.Fatal(err)
	}
	_, err = permission.New(alone, where)
	want := "app-config.yaml:2: permission.enabled: this server has no permission plugin of its own to ask, and will not allow what one may forbid; " +
		"name the backend that has it, discovery.endpoints: [{target: 'http://backstage:7007/api/{{pluginId}}', plugins: [permission]}], " +
		"or set permission.enabled to false"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, text := range []string{`permission: { enabled: perhaps }`, `permission: { EXPERIMENTAL_enableBatchedRequests: 7 }`} {
		if _, err := permission.New(parse(t, text), nil); err == nil {
			t.Errorf("no error for %s", text)
		}
	}
	for _, plugins := range []string{`permission`, `'*'`} {
		c := parse(t, `{permission: {enabled: true}, discovery: {endpoints: [{target: 'http://x/api/{{pluginId}}', plugins: [`+plugins+`]}]}}`)
		where, err := discovery.Load(c)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := permission.New(c, where); err != nil || !s.Enabled() {
			t.Errorf("%s: %v", plugins, err)
		}
	}
}

// TestAuthorize: users may everything while permissions are disabled; services what their restrictions leave them,
// always (core.md 8.3, 8.4).
func TestAuthorize(t *testing.T) {
	t.Parallel()
	service, err := permission.New(parse(t, `{}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	checker := service.For("catalog", nil)
	restricted := func(permissions, actions []string) auth.Credentials {
		c := auth.PluginCredentials("x")
		c.Restrictions = &auth.Restrictions{Permissions: permissions, Actions: actions}
		return c
	}
	read := permission.Permission{Name: "catalog.entity.read", Action: "read", ResourceType: "catalog-entity"}
	validate := permission.Permission{Name: "catalog.entity.validate"}
	for _, tc := range []struct {
		name string
		who  auth.Credentials
		what permission.Permission
		want bool
	}{
		{"user", auth.UserCredentials("user:default/jane"), read, true},
		{"nobody", auth.Credentials{}, read, true},
		{"service", auth.PluginCredentials("catalog"), read, true},
		{"service with an entry without limits", restricted(nil, nil), validate, true},
		{"permission listed", restricted([]string{"a", "catalog.entity.read"}, nil), read, true},
		{"permission not listed", restricted([]string{"a"}, nil), read, false},
		{"action listed", restricted(nil, []string{"read"}), read, true},
		{"action not listed", restricted(nil, []string{"create", "delete"}), read, false},
		{"permission without an action", restricted(nil, []string{"read"}), validate, false},
		{"permission listed, action not", restricted([]string{"catalog.entity.read"}, []string{"delete"}), read, false},
		{"both listed", restricted([]string{"catalog.entity.read"}, []string{"read"}), read, true},
	} {
		d, err := checker.Authorize(t.Context(), tc.who, tc.what, "")
		if err != nil || d.Allowed() != tc.want {
			t.Errorf("%s: %+v, %v", tc.name, d, err)
		}
		err = permission.Require(t.Context(), checker, tc.who, tc.what, "component:default/a")
		if (err == nil) != tc.want || err != nil && (fault.Status(err) != 403 || err.Error() != "") {
			t.Errorf("%s: require: %v", tc.name, err)
		}
	}
	if (permission.Decision{}).Allowed() {
		t.Error("the zero decision allows")
	}
	if (permission.Decision{Result: permission.Conditional}).Allowed() {
		t.Error("a condition is no yes")
	}
}

func TestMount(t *testing.T) {
	t.Parallel()
	c := parse(t, `backend: { auth: { externalAccess: [{ type: static, options: { token: 0123456789-abc, subject: a } }] } }`)
	found, err := discovery.Load(c)
	if err != nil {
		t.Fatal(err)
	}
	gate, err := auth.New(auth.Options{Config: c, Discovery: found})
	if err != nil {
		t.Fatal(err)
	}
	rt, err := router.New(router.Config{}, router.Options{Gate: gate})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin("catalog")
	if err != nil {
		t.Fatal(err)
	}
	permission.Mount(routes, []permission.Permission{
		{Name: "catalog.entity.read", Action: "read", ResourceType: "catalog-entity"},
		{Name: "catalog.entity.validate"},
	}, permission.Resources{Type: "catalog-entity", Rules: []permission.Rule{{
		Name: "R", Description: "<d>", Params: []permission.Param{{Name: "a", About: "b"}, {Name: "c", About: "d", List: true, Optional: true}},
	}}})
	routes.Initialized()
	open, err := rt.Plugin("open")
	if err != nil {
		t.Fatal(err)
	}
	open.Open("/")
	permission.Mount(open, nil)
	open.Initialized()
	get := func(plugin, token string) (int, string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/"+plugin+"/.well-known/backstage/permissions/metadata", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		rt.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	want := `{"permissions":[{"type":"resource","name":"catalog.entity.read","attributes":{"action":"read"},"resourceType":"catalog-entity"},` +
		`{"type":"basic","name":"catalog.entity.validate","attributes":{}}],` +
		`"rules":[{"name":"R","description":"<d>","resourceType":"catalog-entity","paramsSchema":{"type":"object","properties":{` +
		`"a":{"type":"string","description":"b"},"c":{"type":"array","items":{"type":"string"},"description":"d"}},` +
		`"required":["a"],"additionalProperties":false,"$schema":"http://json-schema.org/draft-07/schema#"}}]}`
	if status, body := get("catalog", "0123456789-abc"); status != 200 || body != want {
		t.Errorf("%d\n%s\n%s", status, body, want)
	}
	if status, body := get("open", "0123456789-abc"); status != 200 || body != `{"permissions":[],"rules":[]}` {
		t.Errorf("%d %s", status, body)
	}
	for _, plugin := range []string{"catalog", "open"} {
		if status, body := get(plugin, ""); status != 401 || !strings.Contains(body, "Missing credentials") {
			t.Errorf("%s: %d %s", plugin, status, body)
		}
	}
}
