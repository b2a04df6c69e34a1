package rely

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// Fault is a rule by which something goes wrong. Rules are ordered; the first that fires counts.
type Fault struct {
	// Name is told in the journal.
	Name   string `json:"name,omitempty"`
	Match  Match  `json:"match"`
	Action Action `json:"action"`
	// Times is how often the rule fires; zero means always.
	Times int `json:"times,omitempty"`
}

// Match says which requests a rule is for. Empty fields match all.
type Match struct {
	Method string `json:"method,omitempty"`
	// Path is a glob: `*` is one segment, `**` any number.
	Path  string `json:"path,omitempty"`
	Token string `json:"token,omitempty"`
	// Entity is the id of one that the payload or the path holds.
	Entity string `json:"entity,omitempty"`
	// Nth is which one of the requests that match otherwise, from 1.
	Nth int `json:"nth,omitempty"`
	// P is the probability of firing, drawn from Options.Seed; zero means 1.
	P float64 `json:"p,omitempty"`
}

// Action is what happens. Several may be combined, such as latency and a status.
type Action struct {
	// Status answers instead of the server, with Body and Headers. Headers alone are added to the server's own answer.
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	// Latency passes before the request is looked at.
	Latency Duration `json:"latency,omitempty"`
	// Drip is the pause after every eight bytes of the answer.
	Drip Duration `json:"drip,omitempty"`
	// Close ends the connection without an answer: "before-apply" or "after-apply".
	Close string `json:"close,omitempty"`
	// Truncate ends the connection after half of the answer.
	Truncate bool `json:"truncate,omitempty"`
	// HTML answers with a proxy's error page.
	HTML bool `json:"html,omitempty"`
	// Task is what becomes of the task that the request makes: "fail", "stuck" (it runs forever) or "lost" (it is not
	// done, and 404 from when it would run).
	Task string `json:"task,omitempty"`
	// Reject answers 422 for the entity of Match, or for the first one, with these words.
	Reject string `json:"reject,omitempty"`
	// RevokeToken revokes the request's token before it is looked at.
	RevokeToken bool `json:"revokeToken,omitempty"`
}

// The values of Action.Close and Action.Task.
const (
	CloseBefore = "before-apply"
	CloseAfter  = "after-apply"
	TaskFail    = "fail"
	TaskStuck   = "stuck"
	TaskLost    = "lost"
)

// rule is a Fault in force.
type rule struct {
	Fault
	seen, fired int
}

func (f Fault) check() error {
	switch {
	case f.Match.Path != "" && !doublestar.ValidatePattern(f.Match.Path):
		return fmt.Errorf("path %q is no glob", f.Match.Path)
	case f.Match.P < 0 || f.Match.P > 1:
		return fmt.Errorf("p %v is not between 0 and 1", f.Match.P)
	case f.Match.Nth < 0 || f.Times < 0:
		return fmt.Errorf("nth and times are not negative")
	case f.Action.Status != 0 && (f.Action.Status < 200 || f.Action.Status > 599):
		return fmt.Errorf("status %d is none", f.Action.Status)
	}
	switch f.Action.Close {
	case "", CloseBefore, CloseAfter:
	default:
		return fmt.Errorf("close %q is none of before-apply, after-apply", f.Action.Close)
	}
	switch f.Action.Task {
	case "", TaskFail, TaskStuck, TaskLost:
		return nil
	default:
		return fmt.Errorf("task %q is none of fail, stuck, lost", f.Action.Task)
	}
}

// SetFaults replaces the rules, and forgets how often the former ones fired.
func (s *Server) SetFaults(faults ...Fault) error {
	rules, err := compileFaults(faults)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = rules
	return nil
}

func compileFaults(faults []Fault) ([]*rule, error) {
	rules := make([]*rule, len(faults))
	for i, f := range faults {
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("fault %d: %w", i+1, err)
		}
		rules[i] = &rule{Fault: f}
	}
	return rules, nil
}

// pickFault returns the first rule that fires, or nil.
func (s *Server) pickFault(r *request) *rule {
	for _, f := range s.faults {
		if f.Times > 0 && f.fired >= f.Times || !f.Match.covers(r) {
			continue
		}
		f.seen++
		if f.Match.Nth > 0 && f.seen != f.Match.Nth {
			continue
		}
		if f.Match.P > 0 && s.random.Float64() >= f.Match.P {
			continue
		}
		f.fired++
		return f
	}
	return nil
}

func (m Match) covers(r *request) bool {
	if m.Method != "" && m.Method != r.Method || m.Token != "" && m.Token != bearer(r.Request) {
		return false
	}
	if m.Path != "" {
		if ok, err := doublestar.Match(m.Path, r.URL.Path); !ok || err != nil {
			return false
		}
	}
	return m.Entity == "" || m.index(r) >= 0 || r.PathValue("id") == m.Entity
}

// index is where the payload holds the rule's entity; -1 means nowhere.
func (m Match) index(r *request) int {
	for i, e := range r.payload() {
		if id, ok := e.at("id"); ok && id.str() == m.Entity {
			return i
		}
	}
	return -1
}

// replaces tells whether the action answers instead of the server, which then changes nothing.
func (a Action) replaces() bool { return a.Status != 0 || a.HTML || a.Close == CloseBefore }

func (a Action) answer() answer {
	out := answer{status: a.Status, body: []byte(a.Body), verdict: "fault"}
	if out.status == 0 {
		out.status = http.StatusBadGateway
	}
	kind := "application/json"
	if a.HTML {
		kind = "text/html; charset=utf-8"
		out.body = fmt.Appendf(nil, "<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%[1]d %[2]s</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
			out.status, http.StatusText(out.status))
	} else if len(out.body) == 0 && out.status >= 400 {
		out.body = marshal(map[string]string{"detail": http.StatusText(out.status)})
	}
	return a.adorn(out.set("Content-Type", kind))
}

// adorn adds the action's headers.
func (a Action) adorn(out answer) answer {
	for key, value := range a.Headers {
		out = out.set(key, value)
	}
	return out
}

// deliver writes the answer. True means that the connection is to be cut.
func (a Action) deliver(ctx context.Context, w http.ResponseWriter, out answer, sleep func(context.Context, time.Duration)) (abort bool) {
	if a.Close != "" {
		return true
	}
	header := w.Header()
	maps.Copy(header, out.header)
	if a.Truncate {
		header.Set("Content-Length", fmt.Sprint(len(out.body)+1))
	}
	w.WriteHeader(out.status)
	body := out.body
	if a.Truncate {
		body = body[:len(body)/2]
	}
	if a.Drip > 0 {
		drip(ctx, w, body, time.Duration(a.Drip), sleep)
	} else {
		_, _ = w.Write(body)
	}
	if a.Truncate {
		_ = http.NewResponseController(w).Flush()
	}
	return a.Truncate
}

func drip(ctx context.Context, w http.ResponseWriter, body []byte, pause time.Duration, sleep func(context.Context, time.Duration)) {
	control := http.NewResponseController(w)
	for piece := bytes.NewBuffer(body); piece.Len() > 0 && ctx.Err() == nil; {
		_, _ = w.Write(piece.Next(8))
		_ = control.Flush()
		sleep(ctx, pause)
	}
}
