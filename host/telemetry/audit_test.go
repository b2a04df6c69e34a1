package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestAuditEvents(t *testing.T) {
	t.Parallel()
	hostname, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	audit := telemetry.NewAuditor(telemetry.NewLogger(&buf, telemetry.LogOptions{}), telemetry.AuditOptions{
		Actor: func(ctx context.Context) string {
			if router.RequestID(ctx) == "" {
				return ""
			}
			return "user:default/alice"
		},
	})
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := rt.Plugin("catalog")
	if err != nil {
		t.Fatal(err)
	}
	p.Initialized()
	p.Open("/")
	p.Handle("DELETE /x", func(w http.ResponseWriter, r *http.Request) error {
		event := audit.Event(r.Context(), telemetry.Event{Plugin: "catalog", ID: "location-delete", Meta: map[string]any{"id": "1"}})
		event.Succeed(map[string]any{"removed": 2})
		event.Fail(errors.New("one line is enough"))
		event.Done(nil)
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
	r := httptest.NewRequest(http.MethodDelete, "/api/catalog/x?y", nil)
	r.Header.Set("User-Agent", "curl")
	r.Header.Set("X-Request-Id", "id1")
	rt.ServeHTTP(httptest.NewRecorder(), r)

	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a caller who has gone is audited all the same
	audit.Event(ctx, telemetry.Event{Plugin: "catalog", ID: "orphan-delete", Severity: telemetry.High}).Done(fault.Conflict("taken"))
	audit.Event(ctx, telemetry.Event{Plugin: "catalog", ID: "entity-fetch", Severity: telemetry.Low}).Done(nil) // debug

	want := []map[string]any{
		{
			"level": "info", "message": "catalog.location-delete", "service": "backstage", "isAuditEvent": true, "plugin": "catalog", "eventId": "location-delete",
			"severityLevel": "medium", "status": "succeeded", "requestId": "id1",
			"actor":   map[string]any{"actorId": "user:default/alice", "ip": "192.0.2.1", "hostname": hostname, "userAgent": "curl"},
			"request": map[string]any{"url": "/api/catalog/x?y", "method": "DELETE"}, "meta": map[string]any{"id": "1", "removed": 2.0},
		},
		{
			"level": "info", "message": "catalog.orphan-delete", "service": "backstage", "isAuditEvent": true, "plugin": "catalog", "eventId": "orphan-delete",
			"severityLevel": "high", "status": "failed", "actor": map[string]any{"hostname": hostname},
			"error": map[string]any{"name": "ConflictError", "message": "taken"},
		},
	}
	if diff := cmp.Diff(want, lines(t, &buf)); diff != "" {
		t.Error(diff)
	}
}

func TestAuditLevels(t *testing.T) {
	t.Parallel()
	c, err := config.Parse("app-config.yaml", []byte("backend: { auditor: { severityLogLevelMappings: { low: info, high: error } } }"), nil)
	if err != nil {
		t.Fatal(err)
	}
	levels, err := telemetry.LoadAuditLevels(c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[telemetry.Severity]slog.Level{telemetry.Low: slog.LevelInfo, telemetry.High: slog.LevelError}, levels); diff != "" {
		t.Error(diff)
	}
	var buf bytes.Buffer
	audit := telemetry.NewAuditor(telemetry.NewLogger(&buf, telemetry.LogOptions{}), telemetry.AuditOptions{Levels: levels})
	audit.Event(t.Context(), telemetry.Event{Plugin: "p", ID: "a", Severity: telemetry.Low}).Done(nil)
	audit.Event(t.Context(), telemetry.Event{Plugin: "p", ID: "b", Severity: telemetry.High}).Done(nil)
	if got := lines(t, &buf); len(got) != 2 || got[0]["level"] != "info" || got[1]["level"] != "error" {
		t.Errorf("%v", got)
	}
	bad, err := config.Parse("app-config.yaml", []byte("backend: { auditor: { severityLogLevelMappings: { low: quiet } } }"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := telemetry.LoadAuditLevels(bad); err == nil {
		t.Error("a level that is none")
	}
	if levels, err := telemetry.LoadAuditLevels(mustConfig(t, "app: {}")); levels != nil || err != nil {
		t.Error(levels, err)
	}
	telemetry.NewAuditor(nil, telemetry.AuditOptions{}).Event(t.Context(), telemetry.Event{}).Done(nil)
}

func mustConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
