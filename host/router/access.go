package router

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
)

// statusClientGone is how the log shows a request whose caller went away before its answer: nginx's number, since no
// status was sent.
const statusClientGone = 499

// isoMillis is JavaScript's Date.toISOString.
const isoMillis = "2006-01-02T15:04:05.000Z"

// account writes the request's line and its metrics.
func (x *exchange) account(r *http.Request) {
	status := x.res.status
	if x.res.abandoned || status == 0 {
		status = statusClientGone
	}
	now := x.router.opts.Now()
	x.router.metrics.active.Dec()
	x.router.metrics.observe(x.routes, r.Method, status, now.Sub(x.start))
	if log := x.router.access; log.Enabled(r.Context(), slog.LevelInfo) {
		x.logRequest(r.Context(), log, now.UTC().Format(isoMillis), status)
	}
}

// logRequest writes the line of core.md 3.2. The context is the request's, for the id that it carries.
func (x *exchange) logRequest(ctx context.Context, log *slog.Logger, date string, status int) {
	r := x.request
	version := strconv.Itoa(r.ProtoMajor) + "." + strconv.Itoa(r.ProtoMinor)
	length, _ := contentLength(x.res.Header())
	if length == 0 && r.Method != http.MethodHead {
		length = x.res.sent
	}
	referrer, agent := r.Header.Get("Referer"), r.Header.Get("User-Agent")
	attrs := [9]slog.Attr{
		slog.String("date", date), slog.String("method", r.Method), slog.String("url", r.RequestURI),
		slog.Int("status", status), slog.String("httpVersion", version),
	}
	n := 5
	add := func(a slog.Attr) { attrs[n] = a; n++ }
	if agent != "" {
		add(slog.String("userAgent", agent))
	}
	if length > 0 {
		add(slog.Int64("contentLength", length))
	}
	if referrer != "" {
		add(slog.String("referrer", referrer))
	}
	message := requestMessage(r, date, version, status, length)
	log.LogAttrs(ctx, slog.LevelInfo, message, attrs[:n]...) //nolint:sloglint // core.md 3.2
}

// requestMessage is the line that upstream's operators grep for.
func requestMessage(r *http.Request, date, version string, status int, length int64) string {
	var buf [512]byte
	b := append(buf[:0], '[')
	b = append(b, date...)
	b = append(b, `] "`...)
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.RequestURI...)
	b = append(b, " HTTP/"...)
	b = append(b, version...)
	b = append(b, `" `...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, length, 10)
	b = append(b, ` "`...)
	b = append(b, orDash(r.Header.Get("Referer"))...)
	b = append(b, `" "`...)
	b = append(b, orDash(r.Header.Get("User-Agent"))...)
	return string(append(b, '"'))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
