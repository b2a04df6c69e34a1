package telemetry

import (
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"

	"github.com/understudy-portal/understudy/host/router"
)

// Format is how log lines look.
type Format string

const (
	// JSON is one object a line, for machines.
	JSON Format = "json"
	// Text is for people, in colour on a terminal.
	Text Format = "text"
)

// DefaultService is the service that lines belong to unless their logger says otherwise; upstream's, because operators'
// queries name it.
const DefaultService = "backstage"

// LogOptions are those of NewLogger. The zero value logs JSON from info upwards.
type LogOptions struct {
	// Format is JSON unless set.
	Format Format
	// Level is the lowest level that is written.
	Level slog.Level
	// Overrides change the level for lines whose fields match; the first match counts.
	Overrides []Override
	// Redact are the configured secrets, which appear as *** in no matter what part of a line.
	Redact []string
	// Service is the field of that name on lines whose logger has none of its own; DefaultService unless set.
	Service string
	// Meta are fields of every line.
	Meta []slog.Attr
}

// NewLogger makes the logger that the whole server hands around. It writes each line by one call, from any goroutine.
func NewLogger(w io.Writer, opts LogOptions) *slog.Logger {
	service := opts.Service
	if service == "" {
		service = DefaultService
	}
	color := terminal(w)
	if len(opts.Redact) > 0 {
		w = newRedactor(w, opts.Redact, opts.Format != Text)
	}
	lowest := opts.Level
	for _, o := range opts.Overrides {
		lowest = min(lowest, o.Level)
	}
	var inner slog.Handler
	if opts.Format == Text {
		inner = tint.NewTextHandler(w, &tint.Options{Level: lowest, TimeFormat: "2006-01-02T15:04:05.000Z07:00", NoColor: !color})
	} else {
		inner = slog.NewJSONHandler(w, &slog.HandlerOptions{Level: lowest, ReplaceAttr: upstreamNames})
	}
	inner = inner.WithAttrs(opts.Meta)
	return slog.New(&handler{bare: inner, inner: inner.WithAttrs([]slog.Attr{slog.String("service", service)}), level: opts.Level, overrides: opts.Overrides, fields: append([]slog.Attr{slog.String("service", service)}, opts.Meta...)})
}

// terminal reports whether w shows colours, and whether the user wants them (https://no-color.org).
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && isatty.IsTerminal(f.Fd())
}

// upstreamNames gives the built-in fields the names and values that upstream's lines have.
func upstreamNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.MessageKey:
		a.Key = "message"
	case slog.TimeKey:
		if a.Value.Kind() == slog.KindTime {
			a.Key = "timestamp"
		}
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			return slog.String(slog.LevelKey, levelName(level))
		}
	}
	return a
}

// handler adds what every line has, and decides by the line's fields whether it is written.
type handler struct {
	inner     slog.Handler // with the default service
	bare      slog.Handler // without it, for loggers that name their own
	level     slog.Level
	overrides []Override
	fields    []slog.Attr // what the logger carries, for the overrides
	grouped   bool
}

// Enabled implements slog.Handler. Overrides look at fields, so where one might let the line pass, Handle decides.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	if len(h.overrides) == 0 {
		return level >= h.level
	}
	return h.inner.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	if len(h.overrides) > 0 && !h.passes(rec) {
		return nil
	}
	if id := router.RequestID(ctx); id != "" {
		rec.AddAttrs(slog.String("requestId", id))
	}
	return h.inner.Handle(ctx, rec)
}

// passes applies the first override that matches the line.
func (h *handler) passes(rec slog.Record) bool {
	for i := range h.overrides {
		if h.overrides[i].matches(rec, h.fields, h.grouped) {
			return rec.Level >= h.overrides[i].Level
		}
	}
	return rec.Level >= h.level
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	out := *h
	out.bare = h.bare.WithAttrs(attrs)
	if !h.grouped && slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == "service" }) {
		// The logger's own service takes the place of the default: a JSON object has each key once.
		out.inner = out.bare
	} else {
		out.inner = h.inner.WithAttrs(attrs)
	}
	if !h.grouped {
		out.fields = append(slices.Clone(h.fields), attrs...)
	}
	return &out
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	out := *h
	out.inner, out.bare, out.grouped = h.inner.WithGroup(name), h.bare.WithGroup(name), true
	return &out
}

// Levels beside slog's four, as upstream counts them (core.md 3.2): error, warn, info, http, verbose, debug, silly.
const (
	levelHTTP    = slog.LevelInfo - 1
	levelVerbose = slog.LevelInfo - 2
	levelSilly   = slog.LevelDebug - 4
)

var levelNames = []struct {
	name  string
	level slog.Level
}{
	{"error", slog.LevelError},
	{"warn", slog.LevelWarn},
	{"info", slog.LevelInfo},
	{"http", levelHTTP},
	{"verbose", levelVerbose},
	{"debug", slog.LevelDebug},
	{"silly", levelSilly},
}

// ParseLevel reads one of upstream's level names, in any letter case.
func ParseLevel(name string) (slog.Level, bool) {
	for _, l := range levelNames {
		if strings.EqualFold(l.name, strings.TrimSpace(name)) {
			return l.level, true
		}
	}
	return 0, false
}

// levelName is the name of the highest level that is not above.
func levelName(level slog.Level) string {
	for _, l := range levelNames {
		if level >= l.level {
			return l.name
		}
	}
	return "silly"
}
