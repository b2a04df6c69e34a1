package rely

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// errNotFound is a thing that /_sim does not have.
var errNotFound = errors.New("not found")

// controlRoutes are those of export.md 7.4. Their handlers hold the lock; what is due has been settled.
func (s *Server) controlRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.runControl(w, r, f) })
	}
	handle("GET /_sim/requests", s.showRequests)
	handle("GET /_sim/entities", s.showEntities)
	handle("GET /_sim/entities/{id}", s.showEntity)
	handle("GET /_sim/entities/{id}/history", s.showHistory)
	handle("GET /_sim/blueprints", s.showBlueprints)
	handle("GET /_sim/tasks", s.showTasks)
	handle("GET /_sim/raw", func(*http.Request) (any, error) { return s.raw, nil })
	handle("GET /_sim/stats", func(*http.Request) (any, error) { return s.snapshot(), nil })
	handle("GET /_sim/digest", s.showDigest)
	handle("GET /_sim/expect", func(*http.Request) (any, error) { return s.difference(), nil })
	handle("POST /_sim/expect", s.setExpect)
	handle("GET /_sim/faults", s.showFaults)
	handle("PUT /_sim/faults", s.putFaults)
	handle("GET /_sim/limits", s.showLimits)
	handle("PUT /_sim/limits", s.putLimits)
	handle("GET /_sim/switches", func(*http.Request) (any, error) { return s.switches, nil })
	handle("PUT /_sim/switches", s.putSwitches)
	handle("GET /_sim/clock", s.showClock)
	handle("POST /_sim/clock/advance", s.advanceClock)
	handle("POST /_sim/seed", s.postSeed)
	handle("GET /_sim/tokens", s.listTokens)
	handle("POST /_sim/tokens", s.createToken)
	handle("DELETE /_sim/tokens", s.deleteToken)
	mux.HandleFunc("POST /_sim/reset", func(w http.ResponseWriter, r *http.Request) {
		writeControl(w, map[string]string{"state": "reset"}, s.Reset())
	})
	return mux
}

// serveControl lets in who is on this machine, and no web page of another site.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	if !local(r.RemoteAddr) || !local(r.Host) || !localOrigin(r.Header.Get("Origin")) {
		writeAnswer(w, refuse(http.StatusForbidden, "forbidden", "/_sim is for this machine only"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, drain)
	s.control.ServeHTTP(w, r)
}

// local tells whether host or host:port is loopback.
func local(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func localOrigin(origin string) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && local(u.Host)
}

func (s *Server) runControl(w http.ResponseWriter, r *http.Request, f func(*http.Request) (any, error)) {
	s.mu.Lock()
	s.settle(s.clock.at(s.options.Now()))
	v, err := f(r)
	var body []byte
	if err == nil {
		body = marshal(v) // within the lock: v may be the state itself
	}
	s.mu.Unlock()
	writeControl(w, json.RawMessage(body), err)
}

func writeControl(w http.ResponseWriter, v any, err error) {
	switch {
	case errors.Is(err, errNotFound):
		writeAnswer(w, refuse(http.StatusNotFound, "", "%v", err))
	case err != nil:
		writeAnswer(w, refuse(http.StatusBadRequest, "", "%v", err))
	default:
		writeAnswer(w, reply(http.StatusOK, v))
	}
}

func writeAnswer(w http.ResponseWriter, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// decodeStrict reads a body of JSON or YAML into v, and refuses fields that v does not have.
func decodeStrict(r *http.Request, v any) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	var plain any
	if err := yaml.Unmarshal(text, &plain); err != nil { // JSON is YAML
		return fmt.Errorf("neither JSON nor YAML: %w", err)
	}
	asJSON, err := encode(plain)
	if err != nil {
		return fmt.Errorf("not for JSON: %w", err)
	}
	return decodeKnown(asJSON, v)
}

func (s *Server) showRequests(r *http.Request) (any, error) {
	query := r.URL.Query()
	out := []*Request{}
	for _, entry := range s.journal.list {
		if want := query.Get("path"); want != "" && want != entry.Path {
			continue
		}
		if want := query.Get("status"); want != "" && want != strconv.Itoa(entry.Status) {
			continue
		}
		if want := query.Get("verdict"); want != "" && want != entry.Verdict {
			continue
		}
		out = append(out, entry)
	}
	if limit, err := strconv.Atoi(query.Get("limit")); err == nil && limit >= 0 && limit < len(out) {
		out = out[len(out)-limit:]
	}
	return map[string]any{"total": s.journal.count, "requests": out}, nil
}

// showEntities lists all, or a page of them: the console of a test may ask for 65,000.
func (s *Server) showEntities(r *http.Request) (any, error) {
	query := r.URL.Query()
	ids := s.entities.ids()
	if from, ok := slices.BinarySearch(ids, query.Get("after")); ok {
		ids = ids[from+1:]
	} else {
		ids = ids[from:]
	}
	if limit, err := strconv.Atoi(query.Get("limit")); err == nil && limit >= 0 && limit < len(ids) {
		ids = ids[:limit]
	}
	items := make([]view, len(ids))
	for i, id := range ids {
		items[i] = s.entities.byID[id].view(true)
	}
	return map[string]any{"total": len(s.entities.byID), "items": items}, nil
}

func (s *Server) showEntity(r *http.Request) (any, error) {
	e := s.entities.byID[r.PathValue("id")]
	if e == nil {
		return nil, fmt.Errorf("entity %s: %w", r.PathValue("id"), errNotFound)
	}
	return e.view(true), nil
}

func (s *Server) showHistory(r *http.Request) (any, error) {
	id := r.PathValue("id")
	history := slices.Clone(s.entities.gone[id])
	if e := s.entities.byID[id]; e != nil {
		history = append(history, e.history...)
	}
	if len(history) == 0 {
		return nil, fmt.Errorf("entity %s: %w", id, errNotFound)
	}
	return history, nil
}

func (s *Server) showBlueprints(*http.Request) (any, error) {
	out := map[string]document{}
	for id, b := range s.blueprints {
		out[id] = b.doc
	}
	return out, nil
}

// TaskInfo is a task as tests see it.
type TaskInfo struct {
	ID       string    `json:"id"`
	Status   string    `json:"status"`
	Entities int       `json:"entities"`
	By       string    `json:"by"`
	Created  time.Time `json:"created"`
	Begins   time.Time `json:"begins"`
	Ends     time.Time `json:"ends"`
	Fault    string    `json:"fault,omitempty"`
	Error    string    `json:"error,omitempty"`
}

func (s *Server) showTasks(*http.Request) (any, error) { return s.taskInfos(), nil }

func (s *Server) taskInfos() []TaskInfo {
	now := s.clock.at(s.options.Now())
	all := append(slices.Clone(s.tasks.done), s.tasks.open...)
	slices.SortFunc(all, func(a, b *task) int { return a.number - b.number })
	out := make([]TaskInfo, len(all))
	for i, t := range all {
		out[i] = TaskInfo{
			ID: t.id, Status: t.status(now), Entities: t.size, By: t.by, Created: t.created.UTC(), Begins: t.begins.UTC(), Ends: t.ends.UTC(), Fault: t.fault,
		}
		if t.failure != nil {
			out[i].Error = t.failure.Message
		}
	}
	return out
}

// Tasks returns the tasks that are remembered, oldest first.
func (s *Server) Tasks() []TaskInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.clock.at(s.options.Now()))
	return s.taskInfos()
}

func (s *Server) showDigest(*http.Request) (any, error) {
	return map[string]any{"digest": s.digest(), "entities": len(s.entities.byID)}, nil
}

func (s *Server) showFaults(*http.Request) (any, error) {
	type inForce struct {
		Fault
		Seen  int `json:"seen"`
		Fired int `json:"fired"`
	}
	out := make([]inForce, len(s.faults))
	for i, f := range s.faults {
		out[i] = inForce{f.Fault, f.seen, f.fired}
	}
	return out, nil
}

func (s *Server) putFaults(r *http.Request) (any, error) {
	var faults []Fault
	if err := decodeStrict(r, &faults); err != nil {
		return nil, err
	}
	rules, err := compileFaults(faults)
	if err != nil {
		return nil, err
	}
	s.faults = rules
	return s.showFaults(r)
}

// tuning is what PUT /_sim/limits takes: any of the limits and of the timers.
type tuning struct {
	Limits
	Timers
}

func (s *Server) showLimits(*http.Request) (any, error) { return tuning{s.limits, s.timers}, nil }

func (s *Server) putLimits(r *http.Request) (any, error) {
	t := tuning{s.limits, s.timers}
	if err := decodeStrict(r, &t); err != nil {
		return nil, err
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	s.limits, s.timers = t.Limits, t.Timers
	return t, nil
}

func (t tuning) check() error {
	for name, n := range map[string]int{
		"maxBytes": t.MaxBytes, "maxEntities": t.MaxEntities, "ratePerMinute": t.RatePerMinute, "burst": t.Burst,
		"openTasks": t.OpenTasks, "workers": t.Workers,
	} {
		if n < 0 {
			return fmt.Errorf("%s is negative; 0 lifts a limit", name)
		}
	}
	return nil
}

func (s *Server) putSwitches(r *http.Request) (any, error) {
	var given Switches
	if err := decodeStrict(r, &given); err != nil {
		return nil, err
	}
	changed, err := given.over(s.switches)
	if err != nil {
		return nil, err
	}
	s.switches = changed
	return s.switches, nil
}

func (s *Server) showClock(*http.Request) (any, error) {
	return map[string]time.Time{"now": s.clock.at(s.options.Now()).UTC()}, nil
}

func (s *Server) advanceClock(r *http.Request) (any, error) {
	var by struct {
		By Duration `json:"by"`
	}
	if err := decodeStrict(r, &by); err != nil {
		return nil, err
	}
	if by.By == 0 {
		return nil, errors.New(`by how much? {"by": "1m"}`)
	}
	s.advance(time.Duration(by.By))
	return s.showClock(r)
}

func (s *Server) advance(d time.Duration) {
	s.clock.offset += d
	s.settle(s.clock.at(s.options.Now()))
}
