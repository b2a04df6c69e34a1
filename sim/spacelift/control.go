package spacelift

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Run is a run as the control port shows it: with what GraphQL does not tell.
type Run struct {
	ID          string    `json:"id"`
	Stack       string    `json:"stack"`
	Type        string    `json:"type"`
	State       string    `json:"state"`
	TriggeredBy string    `json:"triggeredBy,omitempty"`
	Metadata    string    `json:"metadata,omitempty"` // of Spacelift-User-Provided-Run-Metadata
	Comments    []string  `json:"comments,omitempty"`
	States      []string  `json:"states"` // oldest first
	CreatedAt   time.Time `json:"createdAt"`
}

// Waits says that the run does not go on by itself: it has ended, or waits for people.
func (r Run) Waits() bool { return dwell(r.State) == 0 }

// Runs are those of a stack, newest first; none if there is no such stack.
func (s *Server) Runs(stackID string) []Run {
	defer s.world.lock()()
	st := s.world.stackBy[stackID]
	if st == nil {
		return nil
	}
	runs := s.world.runs(st)
	found := make([]Run, 0, len(runs))
	for _, r := range slices.Backward(runs) {
		found = append(found, r.public())
	}
	return found
}

func (r *run) public() Run {
	made := Run{
		ID: r.id, Stack: r.stack.id, Type: r.kind, State: r.state, TriggeredBy: r.triggeredBy, Metadata: r.metadata, CreatedAt: r.created,
	}
	for _, c := range r.comments {
		made.Comments = append(made.Comments, c.body)
	}
	for _, step := range r.history {
		made.States = append(made.States, step.state)
	}
	return made
}

// Stacks are the ids of all stacks, in the order of their names.
func (s *Server) Stacks() []string {
	defer s.world.lock()()
	ids := make([]string, 0, len(s.world.stacks))
	for _, st := range s.world.stacks {
		ids = append(ids, st.id)
	}
	return ids
}

// State is the account in short.
type State struct {
	Time   time.Time      `json:"time"`
	Life   string         `json:"life"` // how far the clock of runs has come
	Speed  float64        `json:"speed"`
	Stacks int            `json:"stacks"`
	Spaces int            `json:"spaces"`
	States map[string]int `json:"states"` // stacks by state
	Busy   int            `json:"busyWorkers"`
	Queued int            `json:"waitingRuns"`
	Faults []Fault        `json:"faults"`
}

// State sums up the account.
func (s *Server) State() State {
	faults := s.PendingFaults()
	defer s.world.lock()()
	w := s.world
	sum := State{
		Time: w.now(), Life: w.clock.life.String(), Speed: w.clock.speed, Stacks: len(w.stacks), Spaces: len(w.spaces),
		States: map[string]int{}, Faults: faults,
	}
	for _, st := range w.stacks {
		sum.States[st.state]++
	}
	for _, p := range append([]*pool{w.public}, w.pools...) {
		sum.Busy += p.busy
		sum.Queued += len(p.waiting)
	}
	return sum
}

// Control is the handler of the control port (spacelift.md 8.4). Whoever reaches it may do everything: loopback only.
func (s *Server) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.State()) })
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.PendingFaults()) })
	mux.HandleFunc("POST /faults", s.postFaults)
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) { s.ClearFaults(); w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /clock", s.postClock)
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Requests()) })
	mux.HandleFunc("DELETE /requests", func(w http.ResponseWriter, _ *http.Request) {
		s.ClearRequests()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /stacks/{id}/runs", func(w http.ResponseWriter, r *http.Request) {
		runs := s.Runs(r.PathValue("id"))
		if runs == nil {
			refuse(w, fmt.Errorf("stack %q: %w", r.PathValue("id"), ErrUnknown))
			return
		}
		writeJSON(w, runs)
	})
	mux.HandleFunc("POST /stacks/{id}", func(w http.ResponseWriter, r *http.Request) {
		var patch Patch
		if err := read(r, &patch); err != nil {
			refuse(w, err)
			return
		}
		done(w, s.PatchStack(r.PathValue("id"), patch))
	})
	mux.HandleFunc("POST /runs/{id}/force", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ State string }
		if err := read(r, &body); err != nil {
			refuse(w, err)
			return
		}
		done(w, s.ForceRun(r.PathValue("id"), body.State))
	})
	return mux
}

// postFaults takes one fault or a list.
func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	var raw json.RawMessage
	if err := read(r, &raw); err != nil {
		refuse(w, err)
		return
	}
	var faults []Fault
	if raw[0] != '[' {
		raw = append(append(json.RawMessage{'['}, raw...), ']')
	}
	if err := json.Unmarshal(raw, &faults); err != nil {
		refuse(w, err)
		return
	}
	done(w, s.AddFaults(faults...))
}

// postClock takes {"advance": "90s"}, or a number of seconds.
func (s *Server) postClock(w http.ResponseWriter, r *http.Request) {
	var body struct{ Advance any }
	if err := read(r, &body); err != nil {
		refuse(w, err)
		return
	}
	var by time.Duration
	switch advance := body.Advance.(type) {
	case float64:
		by = time.Duration(advance * float64(time.Second))
	case string:
		parsed, err := time.ParseDuration(advance)
		if err != nil {
			refuse(w, err)
			return
		}
		by = parsed
	}
	if by <= 0 {
		refuse(w, errors.New("advance is a positive number of seconds, or a duration such as 90s"))
		return
	}
	s.Advance(by)
	writeJSON(w, s.State())
}

func read(r *http.Request, into any) error {
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody)).Decode(into); err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	return nil
}

func done(w http.ResponseWriter, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	if errors.Is(err, ErrUnknown) {
		status = http.StatusNotFound
	}
	http.Error(w, err.Error(), status)
}
