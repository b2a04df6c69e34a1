package telemetry

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"sync/atomic"

	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// Severity is how much an audit event matters.
type Severity string

// The severities of upstream. Low ones are logged at debug, the others at info (core.md 3.2).
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Event is a mutation that is about to be tried.
type Event struct {
	// Plugin and ID name what is done: the line's message is "<plugin>.<id>", such as "catalog.entity-mutate".
	Plugin, ID string
	// Severity is Medium unless set, so that the line shows at the default log level.
	Severity Severity
	// Meta says what it is done to; its values are logged as they are.
	Meta map[string]any
}

// AuditOptions are those of NewAuditor.
type AuditOptions struct {
	// Actor names the caller: the user's ref or the service's subject. "" is nobody known; nil knows nobody.
	Actor func(ctx context.Context) string
	// Levels change the log level of severities (backend.auditor.severityLogLevelMappings).
	Levels map[Severity]slog.Level
}

// Auditor writes who changed what. Copies are not needed; it is safe for concurrent use.
type Auditor struct {
	log      *slog.Logger
	opts     AuditOptions
	hostname string
}

// NewAuditor makes an auditor that writes to log.
func NewAuditor(log *slog.Logger, opts AuditOptions) *Auditor {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "unknown"
	}
	return &Auditor{log: log, opts: opts, hostname: hostname}
}

// Event begins an event. Exactly one line is written, when the result is known: by Succeed, Fail or Done, whichever is
// called first. Usual is
//
//	event := audit.Event(ctx, telemetry.Event{Plugin: "catalog", ID: "location-delete", Meta: meta})
//	defer func() { event.Done(err) }()
func (a *Auditor) Event(ctx context.Context, e Event) *AuditEvent {
	if e.Severity == "" {
		e.Severity = Medium
	}
	return &AuditEvent{auditor: a, ctx: ctx, event: e}
}

// AuditEvent is an event whose result is not known yet.
type AuditEvent struct {
	auditor *Auditor
	ctx     context.Context //nolint:containedctx // the event belongs to one request and ends with it
	event   Event
	done    atomic.Bool
}

// Succeed ends the event well. Meta adds to what the event began with.
func (e *AuditEvent) Succeed(meta map[string]any) { e.end("succeeded", nil, meta) }

// Fail ends the event with the error that came of it.
func (e *AuditEvent) Fail(err error) { e.end("failed", err, nil) }

// Done ends the event by err: well when it is nil.
func (e *AuditEvent) Done(err error) {
	if err != nil {
		e.Fail(err)
		return
	}
	e.Succeed(nil)
}

func (e *AuditEvent) end(status string, err error, meta map[string]any) {
	if !e.done.CompareAndSwap(false, true) {
		return
	}
	a, level := e.auditor, slog.LevelInfo
	if e.event.Severity == Low {
		level = slog.LevelDebug
	}
	if mapped, ok := a.opts.Levels[e.event.Severity]; ok {
		level = mapped
	}
	// The caller may be gone by now; what it did is logged all the same.
	ctx := context.WithoutCancel(e.ctx)
	if !a.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.Bool("isAuditEvent", true),
		slog.String("plugin", e.event.Plugin),
		slog.String("eventId", e.event.ID),
		slog.String("severityLevel", string(e.event.Severity)),
		slog.String("status", status),
	}
	attrs = append(attrs, a.origin(ctx)...)
	if all := merged(e.event.Meta, meta); len(all) > 0 {
		attrs = append(attrs, slog.Any("meta", all))
	}
	if err != nil {
		attrs = append(attrs, slog.Group("error", slog.String("name", fault.Name(err)), slog.String("message", err.Error())))
	}
	a.log.LogAttrs(ctx, level, e.event.Plugin+"."+e.event.ID, attrs...) //nolint:sloglint // core.md 3.2
}

// origin says who asked, and by which request; work that no request asked for has the actor alone.
func (a *Auditor) origin(ctx context.Context) []slog.Attr {
	actor := []any{}
	if a.opts.Actor != nil {
		if id := a.opts.Actor(ctx); id != "" {
			actor = append(actor, slog.String("actorId", id))
		}
	}
	info, ok := router.RequestInfo(ctx)
	if ok && info.ClientIP.IsValid() {
		actor = append(actor, slog.String("ip", info.ClientIP.String()))
	}
	actor = append(actor, slog.String("hostname", a.hostname))
	if info.UserAgent != "" {
		actor = append(actor, slog.String("userAgent", info.UserAgent))
	}
	attrs := []slog.Attr{slog.Group("actor", actor...)}
	if ok {
		attrs = append(attrs, slog.Group("request", slog.String("url", info.URL), slog.String("method", info.Method)))
	}
	return attrs
}

func merged(a, b map[string]any) map[string]any {
	if len(b) == 0 {
		return a
	}
	out := make(map[string]any, len(a)+len(b))
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}
