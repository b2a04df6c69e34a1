package schedule

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// TestRoutes asks for each answer of core.md 9.4.
func TestRoutes(t *testing.T) {
	t.Parallel()
	var audit bytes.Buffer
	store := newMemory()
	s := New(Options{Plugin: "widget", Audit: telemetry.NewAuditor(slog.New(slog.NewJSONHandler(&audit, nil)), telemetry.AuditOptions{})})
	s.store = store
	for id, schedule := range map[string]config.Schedule{
		"dur":   {Every: config.Duration(10 * time.Minute), InitialDelay: config.Duration(3 * time.Second), Timeout: config.Duration(time.Minute)},
		"a:b/c": {Manual: true, Timeout: config.Duration(time.Minute)},
		"new":   {Cron: "@daily", Timeout: config.Duration(time.Minute)},
	} {
		if err := s.Add(Task{ID: id, Schedule: schedule, Run: nothing}); err != nil {
			t.Fatal(err)
		}
	}
	at := func(text string) *time.Time {
		when, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return &when
	}
	store.table["dur"] = row{
		id: "dur", next: at("2026-11-22T02:54:05.72Z"), lastEnded: at("2026-11-22T02:44:07.763Z"), lastError: `{"name":"Error","message":"x"}`,
	}
	store.table["a:b/c"] = row{id: "a:b/c", ticket: "t", started: at("2026-11-22T03:54:05.72+01:00"), expires: at("2026-11-22T02:55:05.7209Z")}
	s.workers["dur"].state = idle

	for _, test := range []struct {
		name, method, path string
		status             int
		body               string
		event              string
	}{
		{
			name: "list", method: http.MethodGet, path: "/tasks", status: 200,
			body: `{"tasks":[` +
				`{"taskId":"a:b/c","pluginId":"widget","scope":"global","settings":{"version":2,"cadence":"manual","timeoutAfterDuration":"PT1M"},` +
				`"taskState":{"status":"running","startedAt":"2026-11-22T02:54:05.720+00:00","timesOutAt":"2026-11-22T02:55:05.720+00:00"},"workerState":null},` +
				`{"taskId":"dur","pluginId":"widget","scope":"global","settings":{"version":2,"cadence":"PT10M","initialDelayDuration":"PT3S","timeoutAfterDuration":"PT1M"},` +
				`"taskState":{"status":"idle","startsAt":"2026-11-22T02:54:05.720+00:00","lastRunEndedAt":"2026-11-22T02:44:07.763+00:00",` +
				`"lastRunError":"{\"name\":\"Error\",\"message\":\"x\"}"},"workerState":{"status":"idle"}},` +
				`{"taskId":"new","pluginId":"widget","scope":"global","settings":{"version":2,"cadence":"@daily","timeoutAfterDuration":"PT1M"},` +
				`"taskState":null,"workerState":null}]}`,
		},
		{name: "trigger", method: http.MethodPost, path: "/tasks/dur/trigger", status: 200, event: "widget.task-trigger succeeded"},
		{
			name: "trigger what runs", method: http.MethodPost, path: "/tasks/a%3Ab%2Fc/trigger", status: 409,
			body: "ConflictError: Task a:b/c is currently running", event: "widget.task-trigger failed",
		},
		{name: "cancel", method: http.MethodPost, path: "/tasks/a%3Ab%2Fc/cancel", status: 200, event: "widget.task-cancel succeeded"},
		{
			name: "cancel what does not run", method: http.MethodPost, path: "/tasks/dur/cancel", status: 409,
			body: "ConflictError: Task dur is not running", event: "widget.task-cancel failed",
		},
		{
			name: "no such task", method: http.MethodPost, path: "/tasks/nope/trigger", status: 404,
			body: "NotFoundError: Task nope does not exist", event: "widget.task-trigger failed",
		},
	} {
		audit.Reset()
		r := httptest.NewRequest(test.method, "/api/widget/.backstage/scheduler/v1"+test.path, nil)
		w := httptest.NewRecorder()
		served(t, s).ServeHTTP(w, r)
		if w.Code != test.status {
			t.Errorf("%s: status %d, want %d", test.name, w.Code, test.status)
		}
		if diff := cmp.Diff(test.body, body(w)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		if got := events(t, audit.String()); got != test.event {
			t.Errorf("%s: audit event %q, want %q", test.name, got, test.event)
		}
	}
}

func served(t *testing.T, s *Scheduler) http.Handler {
	t.Helper()
	rt, err := router.New(router.Config{}, router.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := rt.Plugin("widget")
	if err != nil {
		t.Fatal(err)
	}
	s.Mount(routes)
	routes.Open("/")
	routes.Initialized()
	return rt
}

// body is the answer, or kind and message of an error.
func body(w *httptest.ResponseRecorder) string {
	var failure struct {
		Error struct{ Name, Message string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &failure); err == nil && failure.Error.Name != "" {
		return failure.Error.Name + ": " + failure.Error.Message
	}
	return strings.TrimSpace(w.Body.String())
}

// events lists what was audited.
func events(t *testing.T, lines string) string {
	t.Helper()
	var all []string
	for line := range strings.Lines(lines) {
		var event struct{ Msg, Status string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		all = append(all, event.Msg+" "+event.Status)
	}
	return strings.Join(all, ", ")
}
