package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/telemetry"
)

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	secrets := []string{
		"  golden-static-token  ", "golden", "q\"uo\\te", "multi\nline\nkey", "<html>&", "a/b c+d", "ünï☃", "x", "", " ", "12345", "line\u2028sep",
	}
	for _, secret := range secrets {
		trimmed := strings.TrimSpace(secret)
		if len(trimmed) < 2 {
			continue
		}
		for _, format := range []telemetry.Format{telemetry.JSON, telemetry.Text} {
			var buf bytes.Buffer
			log := telemetry.NewLogger(&buf, telemetry.LogOptions{Format: format, Redact: secrets})
			err := fmt.Errorf("dial %q: %w", trimmed, errors.New("with "+trimmed))
			log.With("token", trimmed).Info("message with "+trimmed, //nolint:sloglint // a message that has a secret in it is the point
				"err", err, "list", []string{trimmed}, "url", "/x?t="+url.QueryEscape(trimmed)+"&u="+url.PathEscape(trimmed),
				slog.Group("g", "k", trimmed), trimmed, "as a key")
			line := buf.String()
			quoted, _ := json.Marshal(trimmed)
			for _, form := range []string{trimmed, string(quoted[1 : len(quoted)-1]), url.QueryEscape(trimmed), url.PathEscape(trimmed)} {
				if strings.Contains(line, form) {
					t.Errorf("%s: %q is in %s", format, form, line)
				}
			}
			if !strings.Contains(line, "message with ***") {
				t.Errorf("%s: %q: %s", format, trimmed, line)
			}
			if format == telemetry.JSON && !json.Valid(buf.Bytes()) {
				t.Errorf("%q: no JSON any more: %s", trimmed, line)
			}
		}
	}
}

func TestMaskingKeepsLinesJSON(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	log := telemetry.NewLogger(&buf, telemetry.LogOptions{Redact: []string{"345", "rue", "golden", "golden-longer"}})
	log.Info("x golden-longer golden-long golden", "port", 12345, "pi", 3.45, "ok", true, "list", []int{345, 1, 93459}, "s", "\\\"345")
	want := map[string]any{"message": "x *** ***-long ***", "port": "***", "ok": "***", "list": []any{"***", 1.0, "***"}, "s": `\"***`, "pi": 3.45}
	got := map[string]any{}
	if err := json.Unmarshal(buf.Bytes(), &got); err != nil {
		t.Fatalf("%s: %v", buf.String(), err)
	}
	for key, value := range want {
		if fmt.Sprint(got[key]) != fmt.Sprint(value) {
			t.Errorf("%s: %v, want %v", key, got[key], value)
		}
	}
	if strings.Contains(buf.String(), "345,") || strings.Contains(buf.String(), "golden") {
		t.Error(buf.String())
	}
}

// Whatever the secret and the text around it: the secret is gone, and the line is JSON.
func FuzzMasking(f *testing.F) {
	f.Add("secret", "with a secret inside")
	f.Add(`"`+`":`, `a":b`)
	f.Add("\\u", "\\u0000")
	f.Add("**", "** *** *")
	f.Add("\n\n", "a\n\nb")
	f.Fuzz(func(t *testing.T, secret, text string) {
		trimmed := strings.TrimSpace(secret)
		var buf bytes.Buffer
		log := telemetry.NewLogger(&buf, telemetry.LogOptions{Redact: []string{secret}})
		log.Info("m", "text", text+secret+text)
		if len(trimmed) < 8 || strings.ContainsAny(trimmed, "\ufffd*\"\\{}:,") {
			return // too short or too much like the line itself to tell where it came from
		}
		got := map[string]any{}
		if err := json.Unmarshal(buf.Bytes(), &got); err != nil {
			t.Fatalf("%q: %s: %v", secret, buf.String(), err)
		}
		if value, _ := got["text"].(string); strings.Contains(value, trimmed) {
			t.Fatalf("%q is in %q", trimmed, value)
		}
	})
}

// A failing writer is reported as io.Writer asks.
func TestMaskingTellsOfFailedWrites(t *testing.T) {
	t.Parallel()
	log := telemetry.NewLogger(failingWriter{}, telemetry.LogOptions{Redact: []string{"secret"}})
	rec := slog.Record{Message: "a secret"}
	if err := log.Handler().Handle(t.Context(), rec); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func BenchmarkRequestLine(b *testing.B) {
	many := make([]string, 50)
	for i := range many {
		many[i] = fmt.Sprintf("%d-secret-of-some-length", i*7919)
	}
	for name, secrets := range map[string][]string{"no secrets": nil, "50 secrets": many} {
		b.Run(name, func(b *testing.B) {
			log := telemetry.NewLogger(io.Discard, telemetry.LogOptions{Redact: secrets}).With("service", "rootHttpRouter", "type", "incomingRequest")
			b.ReportAllocs()
			for b.Loop() {
				log.LogAttrs(b.Context(), slog.LevelInfo, `[2026-11-22T03:18:31.123Z] "GET /api/catalog/entities/by-name/component/default/svc-api HTTP/1.1" 200 1024 "-" "bench/1.0"`,
					slog.String("date", "2026-11-22T03:18:31.123Z"), slog.String("method", "GET"), slog.String("url", "/api/catalog/entities/by-name/component/default/svc-api"),
					slog.Int("status", 200), slog.String("httpVersion", "1.1"), slog.String("userAgent", "bench/1.0"), slog.Int64("contentLength", 1024))
			}
		})
	}
}
