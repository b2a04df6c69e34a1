package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// mask is what stands where a secret was.
const mask = "***"

// redactor masks secrets in encoded lines: whatever path a secret took into the line, this is the last place that all of
// them pass. Lines are searched once, for all secrets together: most positions are ruled out by two bytes.
type redactor struct {
	w    io.Writer
	json bool
	// starts has a bit for each pair of bytes that a pattern begins with.
	starts [1 << 13]byte
	// patterns are the forms of the secrets by their first two bytes, longest first.
	patterns map[uint16][][]byte

	mu  sync.Mutex // guards buf, and keeps lines whole
	buf []byte
}

func newRedactor(w io.Writer, secrets []string, asJSON bool) *redactor {
	r := &redactor{w: w, json: asJSON, patterns: map[uint16][][]byte{}}
	for _, secret := range secrets {
		for _, form := range forms(secret, asJSON) {
			r.add(form)
		}
	}
	for start := range r.patterns {
		slices.SortFunc(r.patterns[start], func(a, b []byte) int { return len(b) - len(a) })
	}
	return r
}

// forms are the ways a secret can stand in a line: as it is, quoted by an error text, as JSON inside a text or as part of
// a URL, and each of these as the line's encoder writes it. Secrets are trimmed, and those of a single character left
// alone, as upstream does (core.md 1.9).
func forms(secret string, asJSON bool) []string {
	secret = strings.TrimSpace(secret)
	if len(secret) < 2 {
		return nil
	}
	texts := []string{
		secret, unquote(strconv.Quote(secret)), jsonText(secret, false), jsonText(secret, true),
		url.QueryEscape(secret), url.PathEscape(secret),
	}
	var all []string
	for _, text := range texts {
		if asJSON {
			all = append(all, jsonText(text, false), jsonText(text, true), slogText(text))
		} else {
			all = append(all, text, unquote(strconv.Quote(text)))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// jsonText is the text as it stands between the quotes of a JSON line.
func jsonText(text string, escapeHTML bool) string {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(escapeHTML)
	if err := enc.Encode(text); err != nil {
		return text // texts can always be encoded
	}
	return unquote(strings.TrimSuffix(buf.String(), "\n"))
}

// slogText is jsonText by slog's own encoder, which writes some control characters in another way than encoding/json.
func slogText(text string) string {
	const before, after = `{"level":"INFO","msg":"`, "\"}\n"
	var buf bytes.Buffer
	if err := slog.NewJSONHandler(&buf, nil).Handle(context.Background(), slog.Record{Message: text}); err != nil {
		return text // a buffer takes everything
	}
	return strings.TrimSuffix(strings.TrimPrefix(buf.String(), before), after)
}

func unquote(s string) string { return s[1 : len(s)-1] }

func (r *redactor) add(form string) {
	start := uint16(form[0])<<8 | uint16(form[1])
	r.starts[start>>3] |= 1 << (start & 7)
	r.patterns[start] = append(r.patterns[start], []byte(form))
}

// Write implements io.Writer; p is one line.
func (r *redactor) Write(p []byte) (int, error) {
	at, length := r.next(p, 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	if at < 0 {
		return r.w.Write(p)
	}
	out, from := r.buf[:0], 0
	var where quotes
	for at >= 0 {
		until := at + length
		// In JSON a number that holds a secret would no longer be one.
		if start, end, bare := where.bareToken(p, at, until); r.json && bare {
			out = append(out, p[from:max(from, start)]...)
			out = append(out, '"')
			out = append(out, mask...)
			out = append(out, '"')
			until = end
		} else {
			out = append(out, p[from:at]...)
			out = append(out, mask...)
		}
		from = until
		at, length = r.next(p, from)
	}
	out = append(out, p[from:]...)
	r.buf = out
	if cap(r.buf) > 64<<10 {
		r.buf = nil
	}
	if _, err := r.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// next finds the first secret at or after from; -1 when there is none.
func (r *redactor) next(p []byte, from int) (at, length int) {
	for i := from; i+1 < len(p); i++ {
		start := uint16(p[i])<<8 | uint16(p[i+1])
		if r.starts[start>>3]&(1<<(start&7)) == 0 {
			continue
		}
		for _, pattern := range r.patterns[start] {
			if bytes.HasPrefix(p[i:], pattern) && (!r.json || !insideEscape(p, i)) {
				return i, len(pattern)
			}
		}
	}
	return -1, 0
}

// insideEscape reports whether p[at] is a part of an escape such as \n or \u0000, but not its beginning: then what was
// found there is no secret, and masking it would break the line.
func insideEscape(p []byte, at int) bool {
	for back := 1; back <= 5 && back <= at; back++ {
		if p[at-back] != '\\' || !escapeBegins(p, at-back) {
			continue
		}
		return back == 1 || p[at-back+1] == 'u'
	}
	return false
}

// escapeBegins reports whether the backslash at p[at] is not itself escaped.
func escapeBegins(p []byte, at int) bool {
	before := at
	for before > 0 && p[before-1] == '\\' {
		before--
	}
	return (at-before)%2 == 0
}

// quotes walks along a JSON line, once, and knows whether it is inside of a text.
type quotes struct {
	at     int
	inside bool
}

func (q *quotes) advance(p []byte, to int) {
	for ; q.at < to; q.at++ {
		switch {
		case q.inside && p[q.at] == '\\':
			q.at++
		case p[q.at] == '"':
			q.inside = !q.inside
		}
	}
}

// bareToken reports whether p[at:until] lies outside of all texts of a JSON line, and if so the whole token around it.
func (q *quotes) bareToken(p []byte, at, until int) (start, end int, bare bool) {
	q.advance(p, at)
	if q.inside {
		return at, until, false
	}
	const between = ",:[]{}\" \n"
	if bytes.ContainsAny(p[at:until], between) {
		return at, until, false // a secret that looks like the line itself: what is left is safe, if no JSON
	}
	for start = at; start > 0 && strings.IndexByte(between, p[start-1]) < 0; start-- {
	}
	for end = until; end < len(p) && strings.IndexByte(between, p[end]) < 0; end++ {
	}
	return start, end, true
}
