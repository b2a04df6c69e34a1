package export_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestOpenAPIIsWhatIsServed(t *testing.T) {
	t.Parallel()
	var described []string
	for path, item := range document(t).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin("rely")
	if err != nil {
		t.Fatal(err)
	}
	newPortal(t, databasetest.SQLite(t), newCatalog(2), lifted()).engine.Mount(routes, export.MountOptions{})
	served := routes.Patterns()
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described %q\nserved    %q", described, served)
	}
}

// TestOpenAPIDescribesAnswers validates real answers, good and bad, against their schemas.
func TestOpenAPIDescribesAnswers(t *testing.T) {
	t.Parallel()
	doc := document(t)
	s := lifted()
	s.mount = export.MountOptions{AllowGet: true}
	filter, err := entity.ParseFilter([]string{"kind=component,kind=group,kind=location"})
	if err != nil {
		t.Fatal(err)
	}
	s.change = func(o *export.Options) {
		o.Filter, o.FilterConfig = filter, []any{map[string]any{"kind": []any{"Component", "Group", "Location"}}}
	}
	p := newPortal(t, databasetest.SQLite(t), newCatalog(300), s)
	p.sim.Faults(`[{match: {entity: component.default.n000003}, action: {task: fail}}]`)
	run := p.migrate("")
	if run["status"] != "partial" || counts(run)["filtered"] == 0.0 || counts(run)["skipped"] == 0.0 {
		t.Fatalf("%v", run)
	}
	id := run["id"].(string)
	p.catalog.put("Component", "n000000", "changed")
	for _, c := range []struct {
		method, route, path, body string
		status                    int
	}{
		{"GET", "/status", "/status", "", 200},
		{"GET", "/runs", "/runs?limit=1", "", 200},
		{"GET", "/runs", "/runs?limit=0", "", 400},
		{"GET", "/runs/{id}", "/runs/" + id, "", 200},
		{"GET", "/runs/{id}", "/runs/nope", "", 404},
		{"GET", "/runs/{id}/items", "/runs/" + id + "/items", "", 200},
		{"GET", "/runs/{id}/items", "/runs/" + id + "/items?status=failed&status=skipped&limit=5", "", 200},
		{"GET", "/runs/{id}/items", "/runs/" + id + "/items?status=odd", "", 400},
		{"GET", "/runs/{id}/items", "/runs/" + id + "/items?cursor=%25", "", 400},
		{"GET", "/preview", "/preview?entityRef=component:default/n000000", "", 200},
		{"GET", "/preview", "/preview?entityRef=component:default/n000001", "", 200},
		{"GET", "/preview", "/preview?entityRef=component:default/n000003", "", 200},
		{"GET", "/preview", "/preview?entityRef=resource:default/n000005", "", 200},
		{"GET", "/preview", "/preview?entityRef=location:default/n000007", "", 200},
		{"GET", "/preview", "/preview?entityRef=component:default/none", "", 404},
		{"GET", "/preview", "/preview?entityRef=", "", 400},
		{"POST", "/runs/{id}/retry-failed", "/runs/" + id + "/retry-failed", `{"entityRefs":["component:default/n000003"]}`, 202},
		{"POST", "/runs/{id}/retry-failed", "/runs/" + id + "/retry-failed", `{"entityRefs":7}`, 400},
		{"POST", "/migrate", "/migrate?dryRun=true&digest=true&wait=1m", "", 200},
		{"POST", "/migrate", "/migrate?wait=soon", "", 400},
		{"POST", "/migrate", "/migrate?full=maybe", "", 400},
		{"POST", "/migrate", "/migrate?digest=true", "", 400},
		{"GET", "/migrate", "/migrate?full=true&wait=60s", "", 200},
		{"POST", "/runs/{id}/cancel", "/runs/" + id + "/cancel", "", 409},
		{"POST", "/runs/{id}/resume", "/runs/" + id + "/resume", "", 409},
		{"POST", "/runs/{id}/resume", "/runs/nope/resume", "", 404},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			status, body := p.call(c.method, c.path, c.body)
			if status != c.status {
				t.Fatalf("%d %v, want %d", status, body, c.status)
			}
			operation := doc.Paths.Value(c.route).GetOperation(c.method)
			response := operation.Responses.Value(fmt.Sprint(status))
			if response == nil {
				response = operation.Responses.Default()
			}
			if err := response.Value.Content["application/json"].Schema.Value.VisitJSON(any(body)); err != nil {
				t.Errorf("%v\n%v", err, body)
			}
			known := response.Value.Content["application/json"].Schema.Value.Properties
			for key := range body {
				if known[key] == nil && status < 300 {
					t.Errorf("%s is not described", key)
				}
			}
			_, query, _ := strings.Cut(c.path, "?")
			for part := range strings.SplitSeq(query, "&") {
				if name, _, _ := strings.Cut(part, "="); name != "" && operation.Parameters.GetByInAndName("query", name) == nil {
					t.Errorf("parameter %s is not described", name)
				}
			}
		})
	}
}

func TestItemsArePaged(t *testing.T) {
	t.Parallel()
	p := newPortal(t, databasetest.SQLite(t), newCatalog(1500), lifted())
	run := p.migrate("")
	want := int(counts(run)["sent"].(float64) + counts(run)["skipped"].(float64))
	var refs []string
	cursor := ""
	for {
		_, page := p.call("GET", fmt.Sprintf("/runs/%s/items?limit=77&cursor=%s", run["id"], cursor), "")
		for _, item := range page["items"].([]any) {
			refs = append(refs, item.(map[string]any)["entityRef"].(string))
		}
		next, more := page["nextCursor"].(string)
		if !more {
			break
		}
		cursor = next
	}
	if len(refs) != want || !slices.IsSorted(refs) || len(slices.Compact(slices.Clone(refs))) != want {
		t.Errorf("%d items, sorted %v, want %d", len(refs), slices.IsSorted(refs), want)
	}
}

func TestPreviewTellsTheDifference(t *testing.T) {
	t.Parallel()
	p := newPortal(t, databasetest.SQLite(t), newCatalog(10), lifted())
	_, before := p.call("GET", "/preview?entityRef=component:default/n000000", "")
	if before["included"] != true || before["changed"] != true || before["lastSent"] != nil || len(before["added"].([]any)) == 0 {
		t.Errorf("before: %v", before)
	}
	p.migrate("")
	_, after := p.call("GET", "/preview?entityRef=component:default/n000000", "")
	if after["changed"] != false || after["added"] != nil || after["lastSent"].(map[string]any)["status"] != "sent" {
		t.Errorf("after: %v", after)
	}
	if id := after["document"].(map[string]any)["id"]; id != "component.default.n000000" {
		t.Errorf("id %v", id)
	}
}

// TestEveryChangeLeavesOneAuditEvent is about those that are refused, too.
func TestEveryChangeLeavesOneAuditEvent(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := lifted()
	s.mount = export.MountOptions{AllowGet: true, BaseURL: "https://portal.test/api/rely"}
	s.change = func(o *export.Options) {
		o.Audit = telemetry.NewAuditor(slog.New(slog.NewJSONHandler(&log, nil)), telemetry.AuditOptions{})
		o.Permissions = &permission.Local{}
	}
	p := newPortal(t, databasetest.SQLite(t), newCatalog(20), s)
	run := p.migrate("")["id"].(string)
	log.Reset()
	for _, c := range []struct {
		method, path, token string
		status              int
		event               string
	}{
		{"POST", "/migrate?wait=1m", "Bearer jane", 200, "export-run succeeded"},
		{"POST", "/migrate?wait=1m", "Bearer ci", 200, "export-run succeeded"},
		{"GET", "/migrate?wait=1m", "Bearer ci", 200, "export-run succeeded"},
		{"POST", "/migrate", "", 401, "export-run failed"},
		{"POST", "/migrate", "Bearer reader", 403, "export-run failed"},
		{"POST", "/runs/" + run + "/cancel", "Bearer reader", 403, "export-cancel failed"},
		{"POST", "/migrate?wait=x", "Bearer jane", 400, "export-run failed"},
		{"POST", "/runs/" + run + "/cancel", "", 401, "export-cancel failed"},
		{"POST", "/runs/" + run + "/cancel", "Bearer jane", 409, "export-cancel failed"},
		{"POST", "/runs/" + run + "/resume", "", 401, "export-resume failed"},
		{"POST", "/runs/nope/resume", "Bearer jane", 404, "export-resume failed"},
		{"POST", "/runs/" + run + "/retry-failed", "", 401, "export-retry failed"},
		{"POST", "/runs/" + run + "/retry-failed", "Bearer jane", 409, "export-retry failed"},
	} {
		status, body := p.call(c.method, c.path, "", "Authorization", c.token)
		if said := fmt.Sprint(body); c.status == 403 && !strings.Contains(said, "export.run.create is not allowed for ") {
			t.Errorf("%s %s: the permission is not named: %s", c.method, c.path, said)
		}
		if status != c.status {
			t.Errorf("%s %s as %q: %d %v, want %d", c.method, c.path, c.token, status, body, c.status)
		}
		var events []string
		for line := range strings.Lines(log.String()) {
			var event struct{ EventID, Status string }
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				t.Fatal(err)
			}
			events = append(events, event.EventID+" "+event.Status)
		}
		log.Reset()
		if len(events) != 1 || events[0] != c.event {
			t.Errorf("%s %s as %q left %q, want %q", c.method, c.path, c.token, events, c.event)
		}
	}
	if status, _ := p.call("GET", "/status", "", "Authorization", "Bearer reader"); status != 200 {
		t.Errorf("a service that may only read: %d", status)
	}
	for _, path := range []string{"/status", "/runs", "/runs/" + run, "/runs/" + run + "/items", "/preview?entityRef=component:default/n000000"} {
		if status, body := p.call("GET", path, "", "Authorization", ""); status != 401 {
			t.Errorf("GET %s without credentials: %d %v", path, status, body)
		}
	}
}

func TestMissingCredentialsAreExplained(t *testing.T) {
	t.Parallel()
	s := lifted()
	s.mount = export.MountOptions{AllowGet: true, BaseURL: "https://portal.test/api/rely"}
	p := newPortal(t, databasetest.SQLite(t), newCatalog(2), s)
	status, body := p.call("GET", "/migrate", "", "Authorization", "")
	message := body["error"].(map[string]any)["message"].(string)
	for _, want := range []string{"rely.migrate.allowUnauthenticated: true", `curl -X POST -H "Authorization: Bearer $TOKEN" https://portal.test/api/rely/migrate`} {
		if status != 401 || !strings.Contains(message, want) {
			t.Errorf("%d %s", status, message)
		}
	}
	s.mount.AllowUnauthenticated = true
	p = newPortal(t, databasetest.SQLite(t), newCatalog(2), s)
	status, body = p.call("POST", "/migrate?wait=1m", "", "Authorization", "")
	if status != 200 || body["run"].(map[string]any)["requestedBy"] != nil {
		t.Errorf("%d %v", status, body)
	}
	if status, _ = p.call("POST", "/runs/x/cancel", "", "Authorization", ""); status != 401 {
		t.Errorf("cancel without credentials: %d", status)
	}
}

func TestMigrateByGet(t *testing.T) {
	t.Parallel()
	s := lifted()
	p := newPortal(t, databasetest.SQLite(t), newCatalog(2), s)
	if status, body := p.call("GET", "/migrate", ""); status != 405 || !strings.Contains(fmt.Sprint(body), "rely.migrate.allowGet: true") {
		t.Errorf("%d %v", status, body)
	}
	s.mount.AllowGet = true
	p = newPortal(t, databasetest.SQLite(t), newCatalog(2), s)
	for _, header := range []string{"Purpose", "Sec-Purpose"} {
		if status, body := p.call("GET", "/migrate", "", header, "prefetch;prerender"); status != 403 || !strings.Contains(fmt.Sprint(body), "prefetch") {
			t.Errorf("%s: %d %v", header, status, body)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/api/rely/migrate", nil)
	r.Header.Set("Authorization", "Bearer jane")
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	if w.Code != 405 || w.Header().Get("Expires") != "0" {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
	_, runs := p.call("GET", "/runs", "")
	if n := len(runs["items"].([]any)); n != 0 {
		t.Errorf("%d runs began", n)
	}
}
