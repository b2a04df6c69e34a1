package state

// Groups of states, as Spacelift's own pages have them (spacelift.md 5.5).
const (
	Attention = "attention"
	Failed    = "failed"
	Hold      = "hold"
	Progress  = "progress"
	Finished  = "finished"
	Other     = "other"
)

// Unknown stands for the state of a stack that has none.
const Unknown = "UNKNOWN"

// Queued is the state of a run that nobody has begun.
const Queued = "QUEUED"

// meaning is what is known of one state.
type meaning struct {
	group string
	// compat is the nearest state that the official plugin accepts (spacelift.md 1 and 3).
	compat string
	// ended means that nothing more happens by itself, and a run can be triggered.
	ended bool
	// stack tells that a stack can be in it, and not only a run.
	stack bool
}

func lookup(name string) (meaning, bool) {
	switch name {
	case "UNCONFIRMED":
		return meaning{group: Attention, compat: name, stack: true}, true
	case "PENDING_REVIEW":
		return meaning{group: Attention, compat: "UNCONFIRMED"}, true
	case "FAILED":
		return meaning{group: Failed, compat: name, ended: true, stack: true}, true
	case "NONE":
		return meaning{group: Hold, compat: name, ended: true, stack: true}, true
	case "CONFIRMED", "REPLAN_REQUESTED":
		return meaning{group: Hold, compat: name, stack: true}, true
	case "APPLYING", "DESTROYING", "INITIALIZING", "PLANNING", "PREPARING", "PREPARING_APPLY", "PREPARING_REPLAN", "READY":
		return meaning{group: Progress, compat: name, stack: true}, true
	case Queued, "PENDING":
		return meaning{group: Progress, compat: "READY"}, true
	case "PERFORMING":
		return meaning{group: Progress, compat: "APPLYING"}, true
	case "FINISHED":
		return meaning{group: Finished, compat: name, ended: true, stack: true}, true
	case "DISCARDED", "STOPPED":
		return meaning{group: Other, compat: name, ended: true, stack: true}, true
	case "CANCELED", "SKIPPED":
		return meaning{group: Other, compat: "DISCARDED", ended: true}, true
	default:
		return meaning{group: Other, compat: "NONE"}, false
	}
}

// Group returns the group of a state; Other for one that is not known.
func Group(name string) string {
	m, _ := lookup(name)
	return m.group
}

// Groups returns all groups, in the order of their urgency.
func Groups() []string { return []string{Attention, Failed, Hold, Progress, Finished, Other} }

// Compat returns the nearest of the sixteen states that the official frontend knows (spacelift.md 3).
func Compat(name string) string {
	m, _ := lookup(name)
	return m.compat
}

// Known reports whether this release knows the state.
func Known(name string) bool {
	_, ok := lookup(name)
	return ok
}

// Moving reports whether a stack in this state changes soon, or once somebody decides: what is neither over nor unknown.
func Moving(name string) bool {
	m, ok := lookup(name)
	return ok && !m.ended
}

// MayMove reports whether this release does not know the state, so that it may be one of work.
func MayMove(name string) bool {
	_, ok := lookup(name)
	return !ok && name != ""
}

// MovingStacks are the states of Moving that a stack can be in: what to ask Spacelift for.
func MovingStacks() []string {
	var list []string
	for _, name := range []string{
		"APPLYING", "CONFIRMED", "DESTROYING", "INITIALIZING", "PLANNING", "PREPARING", "PREPARING_APPLY",
		"PREPARING_REPLAN", "READY", "REPLAN_REQUESTED", "UNCONFIRMED",
	} {
		if m, _ := lookup(name); m.stack && !m.ended {
			list = append(list, name)
		}
	}
	return list
}
