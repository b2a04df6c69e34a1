package mirror

import "github.com/understudy-portal/understudy/plugins/spacelift/internal/client"

// Only returns a snapshot with some of the stacks alone, and nothing that tells of the others: not in what is counted, not
// among the spaces, not in the ETag of its list. Where spaces lie is known in it as in the whole.
func (s *Snapshot) Only(keep func(*client.Stack) bool) *Snapshot {
	some := &Snapshot{State: s.State, Pending: s.Pending, byID: make(map[string]*Stack)}
	for _, stack := range s.Stacks {
		if keep(&stack.Stack) {
			some.Stacks = append(some.Stacks, stack)
			some.byID[stack.ID] = stack
		}
	}
	some.count()
	some.parents = s.parents
	return some
}

// Body is the answer to GET /stacks: that of all stacks is there already, that of some is made now.
func (s *Snapshot) Body() *Body {
	if s.List != nil {
		return s.List
	}
	return newList(s.Stacks)
}

// Place is where one space lies, seen from another.
type Place int

// The places. Unknown is that of a space whose way up leads through spaces without stacks, of which nobody told us where they
// lie.
const (
	Unknown Place = iota
	Inside
	Outside
)

// Place tells whether a space is the given one or below it, and whether that is certain.
func (s *Snapshot) Place(space, above string) Place {
	if above == rootSpace || space == above {
		return Inside
	}
	for range len(s.parents) + 1 { // a ring would be Spacelift's mistake, and must not hang us
		parent, known := s.parents[space]
		switch {
		case space == rootSpace:
			return Outside
		case !known || parent == "":
			return Unknown
		case parent == above:
			return Inside
		}
		space = parent
	}
	return Unknown
}
