package spacelift

import (
	"slices"
	"sync"
	"time"
)

// Request is a line of the journal: what was asked, by whom, and how it went. It holds no variables, tokens or secrets.
type Request struct {
	Number    int           `json:"number"`
	Time      time.Time     `json:"time"`
	Method    string        `json:"method"`
	Path      string        `json:"path"`
	Operation string        `json:"operation,omitempty"`
	Fields    []string      `json:"fields,omitempty"` // of the root of the operation
	Key       string        `json:"key,omitempty"`
	Stack     string        `json:"stack,omitempty"`
	Page      int           `json:"page,omitempty"`
	Status    int           `json:"status"` // 0 if nothing was answered
	Bytes     int           `json:"bytes"`
	Duration  time.Duration `json:"duration"`
	Faults    []string      `json:"faults,omitempty"`
}

// Has says whether the request had that field at its root, such as runTrigger.
func (r Request) Has(field string) bool { return slices.Contains(r.Fields, field) }

// journalMost is how many requests are kept.
const journalMost = 20_000

type journal struct {
	mu       sync.Mutex
	count    int
	requests []Request
}

func (j *journal) add(r *Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.count++
	r.Number = j.count
	if len(j.requests) >= 2*journalMost {
		j.requests = append(j.requests[:0:0], j.requests[len(j.requests)-journalMost+1:]...)
	}
	j.requests = append(j.requests, *r)
}

func (j *journal) all() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Request{}, j.requests[max(0, len(j.requests)-journalMost):]...)
}

func (j *journal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = nil
}

// Requests are the newest calls of /graphql, oldest first.
func (s *Server) Requests() []Request { return s.journal.all() }

// ClearRequests empties the journal. Numbers go on.
func (s *Server) ClearRequests() { s.journal.clear() }
