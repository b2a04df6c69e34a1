package rely

import (
	"net/http"
	"strings"
	"time"
)

// Request is one that the server was asked, as the journal keeps it. It holds no token.
type Request struct {
	Number int         `json:"number"`
	At     time.Time   `json:"at"`
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Query  string      `json:"query,omitempty"`
	Header http.Header `json:"headers"`
	// WireBytes and Bytes are the body's, as sent and expanded.
	WireBytes int  `json:"wireBytes"`
	Bytes     int  `json:"bytes"`
	Gzip      bool `json:"gzip,omitempty"`
	// Body is the decoded body; empty when there was none, it was no JSON, or it was too much to keep.
	Body   document `json:"body,omitempty"`
	Status int      `json:"status"`
	// Verdict is "ok", or why not: "unauthorized", "forbidden", "not_entitled", "limited", "too_large", "too_long",
	// "invalid", "conflict", "not_found", "off", "overdue", "aborted", "fault" or "violation".
	Verdict string `json:"verdict"`
	// Fault is the name of the rule that fired, or "rule" if it has none.
	Fault string `json:"fault,omitempty"`
	// Early means that an earlier answer had asked to wait longer.
	Early bool `json:"early,omitempty"`
	// Aborted means that the client did not get the whole answer.
	Aborted    bool     `json:"aborted,omitempty"`
	RetryAfter string   `json:"retryAfter,omitempty"`
	Latency    Duration `json:"latency"`
}

// keptBytes bounds the bodies of the journal, keptBody one of them.
const (
	keptBytes = 16 << 20
	keptBody  = 2 << 20
)

// journal is the last requests.
type journal struct {
	limit  int
	count  int
	bytes  int
	list   []*Request
	bodies int // index in list of the oldest one that may have a body
}

// add keeps a request, and drops what is too old and bodies that are too many.
func (j *journal) add(r *Request) {
	j.count++
	r.Number = j.count
	if len(r.Body) > keptBody {
		r.Body = ""
	}
	j.bytes += len(r.Body)
	j.list = append(j.list, r)
	for ; j.bytes > keptBytes; j.bodies++ {
		j.bytes -= len(j.list[j.bodies].Body)
		j.list[j.bodies].Body = ""
	}
	if len(j.list) <= j.limit {
		return
	}
	j.bytes -= len(j.list[0].Body)
	j.list[0] = nil
	j.list, j.bodies = j.list[1:], max(0, j.bodies-1)
}

// record enters an answered request into journal and statistics.
func (s *Server) record(r *request, found *route, a answer, began time.Time, aborted bool) {
	now := s.options.Now()
	entry := &Request{
		At: began.UTC(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: redact(r.Header),
		WireBytes: r.wire, Bytes: r.expanded, Gzip: r.gzipped, Body: r.doc, Status: a.status, Verdict: a.verdict,
		Aborted: aborted, RetryAfter: a.header.Get("Retry-After"), Latency: Duration(now.Sub(began)),
	}
	if r.fault != nil {
		entry.Fault = r.fault.Name
		if entry.Fault == "" {
			entry.Fault = "rule"
		}
	}
	value := bearer(r.Request)
	if s.tokens.find(value) == nil {
		value = "" // whoever comes without a good token is one client
	}
	b := s.bucket(value)
	entry.Early = began.Before(b.until)
	if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable {
		// From the end of the answer on, the client knows until when it has to wait.
		if until, ok := parseRetryAfter(entry.RetryAfter, r.now); ok && until.After(b.until) {
			b.until = until
		}
	}
	pattern := r.URL.Path
	if found != nil {
		pattern = found.pattern
	} else if len(pattern) > 100 || entry.Verdict != "violation" {
		pattern = "other"
	}
	s.stats.record(r.Method+" "+pattern, entry)
	s.journal.add(entry)
}

// redact copies headers without what authenticates.
func redact(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for key, values := range h {
		switch key {
		case "Authorization":
			scheme, _, _ := strings.Cut(values[0], " ")
			values = []string{scheme + " ***"}
		case "Cookie", "Proxy-Authorization":
			values = []string{"***"}
		}
		out[key] = values
	}
	return out
}

// Requests returns the last requests, oldest first, at most Options.Journal.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.journal.list))
	for i, r := range s.journal.list {
		out[i] = *r
	}
	return out
}
