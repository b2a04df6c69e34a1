package spacelift

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/graph-gophers/graphql-go"
)

const (
	logPage      = 200
	logRetention = 60 * 24 * time.Hour
)

var errToken = errors.New("invalid log token")

func hasLogs(state string) bool {
	switch state {
	case statePreparing, stateInitializing, statePlanning, statePreparingApply, stateApplying, statePerforming, stateDestroying,
		statePreparingReplan:
		return true
	}
	return false
}

func (s *Server) expired(r *run) bool { return s.world.now().Sub(r.created) > logRetention }

type logsView struct {
	Exists, Expired, Finished, HasMore bool
	NextToken                          *string
	Messages                           []*logView
}

type logView struct {
	Timestamp int32
	Message   string
}

// Logs are what the run said in a state. A state can come twice, so that its version tells which one; without a version it is
// the latest. The token is the place to go on from; while the phase goes on there may be more there later.
func (v *runView) Logs(args struct {
	State        string
	StateVersion *int32
	Token        *string
},
) (*logsView, error) {
	defer v.server.world.lock()()
	view := &logsView{Messages: []*logView{}, Finished: true}
	r := v.server.world.run(v.run.stack, string(v.ID))
	phase, found := r.phase(args.State, args.StateVersion)
	if !found || !hasLogs(args.State) {
		return view, nil
	}
	view.Exists = true
	if v.server.expired(r) {
		view.Expired = true
		return view, nil
	}
	from, err := offset(args.Token)
	if err != nil {
		return nil, err
	}
	lines := phase.script(r)
	ended := phase.end.After(phase.begin) || phase.over
	there := len(lines)
	if !ended {
		there = int(float64(there) * min(1, v.server.world.passed(phase.begin)/dwell(args.State).Seconds()))
	}
	to := min(from+logPage, there)
	for n := from; n < to; n++ {
		view.Messages = append(view.Messages, &logView{Timestamp: unix(phase.time(n, len(lines))), Message: lines[n] + "\n"})
	}
	to = max(from, to)
	view.HasMore = to < there
	view.Finished = ended && to >= len(lines)
	if !view.Finished {
		view.NextToken = optional(base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to))))
	}
	return view, nil
}

// passed are the seconds of a run's life since a time stamp.
func (w *world) passed(since time.Time) float64 {
	return w.now().Sub(since).Seconds() * max(w.clock.speed, 1)
}

func offset(token *string) (int, error) {
	if token == nil || *token == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return 0, errToken
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 0 {
		return 0, errToken
	}
	return n, nil
}

// phase is one stay in a state.
type phase struct {
	state      string
	version    int
	begin, end time.Time
	over       bool
	failed     bool
}

func (r *run) phase(state string, version *int32) (phase, bool) {
	for i, step := range slices.Backward(r.history) {
		if step.state != state || version != nil && int(*version) != i+1 {
			continue
		}
		found := phase{state: state, version: i + 1, begin: step.at}
		if i+1 < len(r.history) {
			found.end, found.over, found.failed = r.history[i+1].at, true, r.history[i+1].state == stateFailed
		}
		return found, true
	}
	return phase{}, false
}

func (p phase) time(n, of int) time.Time {
	length := p.end.Sub(p.begin)
	if !p.over {
		length = dwell(p.state)
	}
	return p.begin.Add(length * time.Duration(n) / time.Duration(max(of, 1)))
}

const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	bold  = "\x1b[1m"
	reset = "\x1b[0m"
)

// script is what a worker would say.
func (p phase) script(r *run) []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch p.state {
	case statePreparing, statePreparingReplan, statePreparingApply:
		say("%sDownloading source code of %s at %.8s%s", bold, r.stack.repository, r.commit.hash, reset)
		say("Mounting %d contexts", len(r.stack.contexts))
		say("Worker is ready")
	case stateInitializing:
		say("%sInitializing the backend...%s", bold, reset)
		say("Finding hashicorp/aws versions matching \"~> 6.0\"...")
		say("- Installing hashicorp/aws v6.14.1...")
		say("%s%s has been successfully initialized!%s", green, r.stack.vendor, reset)
	case statePlanning:
		for n := range 4 * max(r.managed(), 1) {
			kind, name := resourceName(mixString(0, r.stack.id), n/4)
			say("%s.%s: Refreshing state... [%d/4]", kind, name, n%4+1)
		}
		if r.delta != nil {
			say("%sPlan:%s %d to add, %d to change, %d to destroy.", bold, reset, r.delta.add, r.delta.change, r.delta.remove)
		}
	case stateApplying, stateDestroying:
		if r.delta != nil {
			for n := range r.delta.add + r.delta.change + r.delta.remove {
				kind, name := resourceName(r.key, n)
				say("%s.%s: Modifying...", kind, name)
				say("%s.%s: %sModifications complete%s", kind, name, green, reset)
			}
		}
	default:
		say("$ %s", r.command)
	}
	if p.failed {
		say("%s%sError:%s AccessDenied: not authorized to perform this operation", bold, red, reset)
	}
	return lines
}

// managed is how many resources there were when the run planned: a log does not change when the stack does later.
func (r *run) managed() int {
	if r.delta != nil {
		return r.delta.resources - r.delta.add + r.delta.remove
	}
	return r.stack.resources
}

type resourceStateView struct {
	Run      *runView
	Entities []*entityView
}

// RunResourceState is what the stack managed after a run. The simulator keeps only what it manages now.
func (v *stackView) RunResourceState(args struct{ ID graphql.ID }) *resourceStateView {
	r := v.Run(args)
	if r == nil {
		return nil
	}
	return &resourceStateView{Run: r, Entities: v.Entities()}
}
