package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines decodes JSON lines, without their times.
func lines(t *testing.T, buf *bytes.Buffer) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.SplitSeq(strings.TrimSpace(buf.String()), "\n") {
		if line == "" {
			continue
		}
		fields := map[string]any{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if _, ok := fields["timestamp"].(string); !ok {
			t.Errorf("no timestamp: %s", line)
		}
		delete(fields, "timestamp")
		out = append(out, fields)
	}
	return out
}

func TestLines(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	log := telemetry.NewLogger(&buf, telemetry.LogOptions{Level: slog.LevelDebug, Meta: []slog.Attr{slog.String("env", "prod")}})
	log.Info("plain")
	log.With("plugin", "catalog").Warn("of a plugin", "err", errors.New("boom"), "n", 1)
	log.With("service", "rootHttpRouter").Error("own service")
	log.WithGroup("g").Debug("grouped", "service", "inner", "time", 1)
	log.WithGroup("").With().Info("nothing added", slog.Group("actor", "id", "x"))
	want := []map[string]any{
		{"level": "info", "message": "plain", "service": "backstage", "env": "prod"},
		{"level": "warn", "message": "of a plugin", "service": "backstage", "env": "prod", "plugin": "catalog", "err": "boom", "n": 1.0},
		{"level": "error", "message": "own service", "service": "rootHttpRouter", "env": "prod"},
		{"level": "debug", "message": "grouped", "service": "backstage", "env": "prod", "g": map[string]any{"service": "inner", "time": 1.0}},
		{"level": "info", "message": "nothing added", "service": "backstage", "env": "prod", "actor": map[string]any{"id": "x"}},
	}
	if strings.Contains(buf.String(), `"service":"backstage","env":"prod","service"`) || strings.Count(strings.Split(buf.String(), "\n")[2], `"service"`) != 1 {
		t.Errorf("a key twice: %s", buf.String())
	}
	if diff := cmp.Diff(want, lines(t, &buf)); diff != "" {
		t.Error(diff)
	}
}

func TestTextLines(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	log := telemetry.NewLogger(&buf, telemetry.LogOptions{Format: telemetry.Text, Service: "understudy", Redact: []string{`s3"cret`}})
	log.Debug("hidden")
	log.With("plugin", "catalog").Info("shown", "token", `s3"cret`, "url", "/x?t=s3%22cret")
	got := buf.String()
	for _, want := range []string{"INF", "shown", "service=understudy", "plugin=catalog", "token=", "***"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if strings.Contains(got, "cret") || strings.Contains(got, "hidden") || strings.Contains(got, "\x1b[") || strings.Count(got, "***") != 2 {
		t.Errorf("%q", got)
	}
}

func TestRequestIDFromTheContext(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	log := telemetry.NewLogger(&buf, telemetry.LogOptions{})
	rt, err := router.New(router.Config{}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rt.Handle("/x", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { log.InfoContext(r.Context(), "inside") }))
	r := httptest.NewRequest(http.MethodGet, "/x", nil)
	r.Header.Set("X-Request-Id", "abc")
	rt.ServeHTTP(httptest.NewRecorder(), r)
	log.InfoContext(context.Background(), "outside")
	got := lines(t, &buf)
	if len(got) != 2 || got[0]["requestId"] != "abc" || got[1]["requestId"] != nil {
		t.Errorf("%v", got)
	}
}

func load(t *testing.T, text string, environ ...string) (telemetry.LogOptions, error) {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return telemetry.LoadLogOptions(c, append([]string{}, environ...))
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config, variable string
		want             slog.Level
	}{
		{"", "", slog.LevelInfo},
		{"warn", "", slog.LevelWarn},
		{"warn", "DEBUG", slog.LevelDebug},
		{"http", "", slog.LevelInfo - 1},
		{"verbose", "", slog.LevelInfo - 2},
		{"silly", "", slog.LevelDebug - 4},
		{"debug", "error", slog.LevelError},
	} {
		text := "backend: { logger: {} }"
		if c.config != "" {
			text = "backend: { logger: { level: " + c.config + " } }"
		}
		opts, err := load(t, text, "LOG_LEVEL="+c.variable)
		if err != nil || opts.Level != c.want {
			t.Errorf("%q, %q: %v, %v", c.config, c.variable, opts.Level, err)
		}
	}
	_, err := load(t, "backend: { logger: { level: loud, overrides: [{ matchers: { a: b }, level: x }, { level: info }, { matchers: { a: /(/ }, level: info }] } }", "LOG_LEVEL=more")
	for _, want := range []string{
		`app-config.yaml:1: backend.logger.level: "loud" is no log level; one of error, warn, info, http, verbose, debug, silly`,
		`LOG_LEVEL is "more", which is no log level; one of`, `backend.logger.overrides[0]: "x" is no log level`,
		`backend.logger.overrides[1]: matchers must be a mapping`, `backend.logger.overrides[2]: matcher of a: `,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing %s in\n%v", want, err)
		}
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	opts, err := load(t, `
backend:
  logger:
    level: warn
    meta: { env: prod, nested: { a: 1 } }
    overrides:
      - { matchers: { plugin: catalog, task: [refresh, /^clean-/] }, level: debug }
      - { matchers: { plugin: catalog }, level: error }
      - { matchers: { message: /health/ }, level: silly }
      - { matchers: { service: rootHttpRouter }, level: info }
      - { matchers: { n: 7 }, level: debug }
`)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	log := telemetry.NewLogger(&buf, opts)
	catalog := log.With("plugin", "catalog")
	catalog.With("task", "refresh").Debug("1: a list's value")
	catalog.Debug("2: the expression", "task", "clean-up")
	catalog.Warn("hidden: the second override is above")
	catalog.Error("3: error")
	log.Info("hidden: below warn")
	log.Warn("4: no override")
	log.Debug("5: a health probe")
	log.With("service", "rootHttpRouter").Info("6: by service")
	log.Debug("7: by number", "n", 7)
	log.With("plugin", "auth").With("plugin", "catalog").Warn("hidden: the inner field counts")
	log.WithGroup("g").Info("hidden: in a group it is another field", "plugin", "catalog", "task", "refresh")
	var got []string
	for _, line := range lines(t, &buf) {
		got = append(got, line["message"].(string)[:1])
		if line["env"] != "prod" || line["nested"] != `{"a":1}` {
			t.Errorf("meta: %v", line)
		}
	}
	if text := strings.Join(got, ""); text != "1234567" {
		t.Errorf("written: %s\n%s", text, buf.String())
	}
}
