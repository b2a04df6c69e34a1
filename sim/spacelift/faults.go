package spacelift

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is a way to fail, and when (spacelift.md 8.4). Empty conditions match every request.
type Fault struct {
	Name string `json:"name"`

	// Field is one at the root of the operation, such as searchStacks or runTrigger.
	Field string `json:"field,omitempty"`
	// Key is the id of the caller's key; for an exchange, that of the key that is exchanged.
	Key string `json:"key,omitempty"`
	// Stack is the id of a stack among the variables.
	Stack string `json:"stack,omitempty"`
	// Page of a search, from 1.
	Page int `json:"page,omitempty"`

	// Skip that many requests that match, then fail Count of them, or all if that is zero.
	Skip  int `json:"skip,omitempty"`
	Count int `json:"count,omitempty"`
	// Probability of each; 1 if zero.
	Probability float64   `json:"probability,omitempty"`
	Until       time.Time `json:"until,omitzero"`

	// After the request was carried out: only its answer fails.
	After bool `json:"after,omitempty"`
	// Status of http_5xx, 500 if zero.
	Status int `json:"status,omitempty"`
	// RetryAfter of http_429, in seconds; no header if nil.
	RetryAfter *int `json:"retryAfter,omitempty"`
	// Body of http_429 and http_5xx: json, text, html or empty.
	Body string `json:"body,omitempty"`
	// Delay of slow, in milliseconds; 1000 if zero.
	Delay int `json:"delay,omitempty"`
	// Seconds that tokens of jwt_short live, 5 if zero, or that clock_skew is ahead.
	Seconds int `json:"seconds,omitempty"`
	// Message and Extensions of gql_error. With Partial it keeps the data.
	Message    string         `json:"message,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
	Partial    bool           `json:"partial,omitempty"`
	// Hide of schema_old: Type.field, Type.field.argument or Enum.VALUE.
	Hide []string `json:"hide,omitempty"`
	// State of unknown_state, QUANTUM if empty.
	State string `json:"state,omitempty"`
	// Null of null_field: names of fields, spaceDetails if empty.
	Null []string `json:"null,omitempty"`
	// Target of unknown_state and null_field: the id of the object; for unknown_state the first one if empty, else all.
	Target string `json:"target,omitempty"`
	// Bytes of huge, 64 MB if zero.
	Bytes int `json:"bytes,omitempty"`
}

// FaultNames are the names that a Fault can have.
func FaultNames() []string {
	return []string{
		"http_429", "http_5xx", "slow", "hang", "trickle", "reset_before", "reset_after", "jwt_expired", "jwt_short", "jwt_401",
		"key_revoked", "gql_error", "schema_old", "unknown_state", "null_field", "empty_page", "dup_page", "cursor_lost", "shift",
		"html_200", "truncated", "huge", "clock_skew",
	}
}

// faults are those that wait for their request.
type faults struct {
	mu      sync.Mutex
	dice    *dice
	waiting []*Fault
}

func newFaults(seed uint64) *faults { return &faults{dice: roll(seed, 0xfa)} }

// AddFaults makes requests fail from now on.
func (s *Server) AddFaults(added ...Fault) error {
	for _, f := range added {
		if !slices.Contains(FaultNames(), f.Name) {
			return fmt.Errorf("unknown fault %q; there are %s", f.Name, strings.Join(FaultNames(), ", "))
		}
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, f := range added {
		s.faults.waiting = append(s.faults.waiting, &f)
	}
	return nil
}

// ClearFaults makes all well again.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.waiting = nil
}

// PendingFaults are those that still wait.
func (s *Server) PendingFaults() []Fault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	waiting := []Fault{}
	for _, f := range s.faults.waiting {
		waiting = append(waiting, *f)
	}
	return waiting
}

// latency is that of the real service, from afar (spacelift.md 8.5).
func (f *faults) latency() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(80+f.dice.below(170)) * time.Millisecond
}

// match takes the faults of a request: those that wait for it, and the one that it asks for itself.
func (f *faults) match(c *call, header string, now time.Time) (*applied, error) {
	result := &applied{}
	if header != "" {
		asked, err := fromHeader(header)
		if err != nil {
			return nil, err
		}
		result.faults = append(result.faults, asked)
	}
	texts := c.strings()
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := f.waiting[:0:0]
	for _, fault := range f.waiting {
		if !fault.Until.IsZero() && now.After(fault.Until) {
			continue
		}
		if !fault.matches(c, texts) || !f.due(fault) {
			kept = append(kept, fault)
			continue
		}
		result.faults = append(result.faults, *fault)
		if fault.Count != 1 {
			fault.Count = max(0, fault.Count-1)
			kept = append(kept, fault)
		}
	}
	f.waiting = kept
	return result, nil
}

func (f Fault) matches(c *call, texts []string) bool {
	return (f.Field == "" || slices.Contains(c.scan.fields, f.Field)) &&
		(f.Key == "" || f.Key == c.entry.Key) &&
		(f.Stack == "" || slices.Contains(texts, f.Stack)) &&
		(f.Page == 0 || f.Page == c.entry.Page)
}

func (f *faults) due(fault *Fault) bool {
	if fault.Skip > 0 {
		fault.Skip--
		return false
	}
	return fault.Probability <= 0 || f.dice.float() < fault.Probability
}

// fromHeader reads X-Sim-Fault: a name, or a Fault as JSON.
func fromHeader(header string) (Fault, error) {
	asked := Fault{Name: header}
	if strings.HasPrefix(header, "{") {
		if err := json.Unmarshal([]byte(header), &asked); err != nil {
			return Fault{}, fmt.Errorf("read X-Sim-Fault: %w", err)
		}
	}
	if !slices.Contains(FaultNames(), asked.Name) {
		return Fault{}, fmt.Errorf("unknown fault %q", asked.Name)
	}
	return asked, nil
}

// applied are the faults of one request.
type applied struct{ faults []Fault }

func (a *applied) find(name string) *Fault {
	for i := range a.faults {
		if a.faults[i].Name == name {
			return &a.faults[i]
		}
	}
	return nil
}

func (a *applied) has(name string) bool { return a.find(name) != nil }

func (a *applied) names() []string {
	var names []string
	for _, f := range a.faults {
		names = append(names, f.Name)
	}
	return names
}

// ttl is how long new tokens live: zero for as long as those of their key.
func (a *applied) ttl() time.Duration {
	f := a.find("jwt_short")
	if f == nil {
		return 0
	}
	if f.Seconds == 0 {
		return 5 * time.Second
	}
	return time.Duration(f.Seconds) * time.Second
}

func (a *applied) skew() time.Duration {
	if f := a.find("clock_skew"); f != nil {
		return time.Duration(f.Seconds) * time.Second
	}
	return 0
}
