package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/schedule"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func busySystem(demo bool) *fakeSystem {
	next := schedule.Time{Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	return &fakeSystem{
		demo: demo, providers: []string{"guest"},
		plugins: []host.PluginStatus{
			{ID: "catalog", Hosted: true},
			{ID: "rely", Hosted: true, Err: errors.New("dial db.internal: refused")},
			{ID: "techdocs", Address: "http://node.internal:7007"},
		},
		tasks: []schedule.Status{
			{TaskID: "b", PluginID: "catalog", Scope: "global", Task: &schedule.TaskState{Status: "idle", StartsAt: &next}},
			{TaskID: "a", PluginID: "catalog", Scope: "global"},
		},
		lines: []config.Line{{Path: "backend.listen", Value: ":7007", Origin: config.Origin{File: "app-config.yaml", Line: 3, Column: 11}}},
	}
}

func TestBootstrapIsOpen(t *testing.T) {
	t.Parallel()
	f := start(t, busySystem(true), newCatalog(t), "{}")
	_, body := f.get(t, "/api/understudy/v1/bootstrap", "")
	want := `{"title":"Acme","version":"v1.2.3","demo":true,"signIn":[{"id":"guest"}],"plugins":["catalog","rely"]}`
	if body != want {
		t.Errorf("got %s\nwant %s", body, want)
	}
}

func TestAllElseNeedsCredentials(t *testing.T) {
	t.Parallel()
	f := start(t, busySystem(true), newCatalog(t), "{}")
	for _, path := range []string{"plugins", "tasks", "config", "attention", "events", "openapi.json"} {
		if res, body := f.get(t, "/api/understudy/v1/"+path, ""); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		demo  bool
		token string
		full  bool
	}{{true, "user", true}, {false, "service", true}, {false, "user", false}} {
		t.Run(fmt.Sprint(c.demo, " ", c.token), func(t *testing.T) {
			t.Parallel()
			f := start(t, busySystem(c.demo), newCatalog(t), "{}")
			_, plugins := f.get(t, "/api/understudy/v1/plugins", c.token)
			if strings.Contains(plugins, "internal") != c.full {
				t.Errorf("plugins: %s", plugins)
			}
			for _, path := range []string{"tasks", "config"} {
				res, body := f.get(t, "/api/understudy/v1/"+path, c.token)
				if (res.StatusCode == http.StatusOK) != c.full {
					t.Errorf("%s: %d %s", path, res.StatusCode, body)
				}
				if !c.full && (res.StatusCode != http.StatusForbidden || !strings.Contains(body, "backend.auth.externalAccess")) {
					t.Errorf("%s: %d %s does not say what to do", path, res.StatusCode, body)
				}
			}
		})
	}
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	f := start(t, busySystem(true), newCatalog(t), "{}")
	var got struct{ Plugins []pluginView }
	for range 3 {
		f.json(t, "/api/understudy/v1/plugins", "user", &got)
	}
	want := []pluginView{
		{ID: "catalog", Status: "ok"},
		{ID: "rely", Status: "failing", Error: "dial db.internal: refused"},
		{ID: "techdocs", Status: "remote", Address: "http://node.internal:7007"},
	}
	if diff := cmp.Diff(want, got.Plugins); diff != "" {
		t.Error(diff)
	}
	if f.system.asked != 1 {
		t.Errorf("the plugins were asked %d times for their health", f.system.asked)
	}
	if n := strings.Count(f.logs.String(), "plugin cannot serve"); n != 1 {
		t.Errorf("%d lines in the log about one failing plugin", n)
	}
}

func TestHealthIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := start(t, busySystem(true), newCatalog(t), "{}")
	h := f.plugin.api.health
	now := time.Now()
	h.now = func() time.Time { return now }
	h.statuses(t.Context())
	now = now.Add(healthFresh)
	h.statuses(t.Context())
	if f.system.asked != 2 {
		t.Errorf("asked %d times", f.system.asked)
	}
}

func TestTasksAndConfig(t *testing.T) {
	t.Parallel()
	f := start(t, busySystem(false), newCatalog(t), "{}")
	var tasks struct {
		Tasks []struct {
			TaskID    string
			TaskState *struct{ Status, StartsAt string }
		}
	}
	f.json(t, "/api/understudy/v1/tasks", "service", &tasks)
	if len(tasks.Tasks) != 2 || tasks.Tasks[0].TaskID != "a" || tasks.Tasks[1].TaskState.Status != "idle" {
		t.Errorf("tasks: %+v", tasks)
	}
	_, body := f.get(t, "/api/understudy/v1/config", "service")
	if want := `{"lines":[{"path":"backend.listen","value":":7007","origin":"app-config.yaml:3:11"}]}`; body != want {
		t.Errorf("got %s\nwant %s", body, want)
	}
}

func TestNothingIsAListToo(t *testing.T) {
	t.Parallel()
	f := start(t, &fakeSystem{demo: true}, newCatalog(t), "{}")
	for path, want := range map[string]string{
		"plugins": `{"plugins":[]}`, "tasks": `{"tasks":[]}`, "config": `{"lines":[]}`,
		"attention": `{"entities":0,"errors":{"count":0,"items":[]},"orphans":{"count":0,"items":[]},"missing":{"count":0,"items":[]}}`,
		"bootstrap": `{"title":"Acme","version":"v1.2.3","demo":true,"signIn":[],"plugins":[]}`,
	} {
		if _, body := f.get(t, "/api/understudy/v1/"+path, "user"); body != want {
			t.Errorf("%s: got %s\nwant %s", path, body, want)
		}
	}
}

func TestDocumentNamesAllRoutes(t *testing.T) {
	t.Parallel()
	f := start(t, &fakeSystem{}, newCatalog(t), "{}")
	var doc struct{ Paths map[string]map[string]any }
	f.json(t, "/api/understudy/v1/openapi.json", "user", &doc)
	var documented []string
	for path, methods := range doc.Paths {
		for method := range methods {
			documented = append(documented, strings.ToUpper(method)+" /v1"+path)
		}
	}
	served := []string{
		"GET /v1/attention", "GET /v1/bootstrap", "GET /v1/check", "GET /v1/config", "GET /v1/events", "GET /v1/plugins",
		"GET /v1/tasks", "POST /v1/check",
	}
	slices.Sort(documented)
	if diff := cmp.Diff(served, documented); diff != "" {
		t.Error(diff)
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{
		"understudy: {console: {enable: true}}":    "enabled",
		"understudy: {console: {enabled: [1, 2]}}": "understudy.console.enabled",
	} {
		cfg, err := config.Parse("app-config.yaml", []byte(yaml), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := New().CheckConfig(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not name %s", yaml, err, want)
		}
	}
}

// A task's state has members of its own for each status (core.md 9.4); the console reads them by the names of openapi.yaml.
func TestTaskStateOnTheWire(t *testing.T) {
	t.Parallel()
	next := schedule.Time{Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	body, err := json.Marshal(schedule.Status{TaskID: "a", Task: &schedule.TaskState{Status: "idle", StartsAt: &next}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `"startsAt":"2026-11-22T12:00:00`) {
		t.Errorf("got %s", body)
	}
}

// TestRestrictionsBind: a token that is restricted to other permissions of this plugin sees nothing and starts nothing.
func TestRestrictionsBind(t *testing.T) {
	t.Parallel()
	for _, yaml := range []string{"{}", "{understudy: {console: {enabled: false}}}"} {
		f := start(t, checkedSystem(false), newCatalog(t), yaml)
		for _, c := range []struct {
			token       string
			read, check int
		}{
			{"service", http.StatusOK, http.StatusOK},
			{"reader", http.StatusOK, http.StatusForbidden},
			{"checker", http.StatusForbidden, http.StatusOK},
			{"other", http.StatusForbidden, http.StatusForbidden},
		} {
			paths := []string{"check"}
			if f.plugin.api != nil {
				paths = append(paths, "config", "tasks")
				if _, body := f.get(t, "/api/understudy/v1/plugins", c.token); strings.Contains(body, "internal") != (c.read == http.StatusOK) {
					t.Errorf("%s: plugins %s", c.token, body)
				}
			}
			for _, path := range paths {
				res, body := f.get(t, "/api/understudy/v1/"+path, c.token)
				if res.StatusCode != c.read || c.read != http.StatusOK && !strings.Contains(body, "understudy.system.read") {
					t.Errorf("%s: %s %d %s", c.token, path, res.StatusCode, body)
				}
			}
			before := f.system.checkup.At
			f.system.checkup.At = time.Time{}
			status, body := f.send(t, http.MethodPost, "/api/understudy/v1/check", c.token, "")
			if ran := !f.system.checkup.At.IsZero(); status != c.check || ran != (c.check == http.StatusOK) {
				t.Errorf("%s: a check that ran %t: %d %s", c.token, ran, status, body)
			}
			f.system.checkup.At = before
		}
		_, body := f.get(t, "/api/understudy/.well-known/backstage/permissions/metadata", "user")
		for _, name := range []string{"understudy.system.read", "understudy.check.create"} {
			if !strings.Contains(body, name) {
				t.Errorf("%s is not declared: %s", name, body)
			}
		}
	}
}
