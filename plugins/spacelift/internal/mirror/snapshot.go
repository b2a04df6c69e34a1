package mirror

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// Stack is a stack in a snapshot. It does not change.
type Stack struct {
	client.Stack
	Group string
	// Key orders stacks: by name whatever its case, and by id.
	Key string
	// Text is what a search looks through, in lower case.
	Text string

	compat []byte
}

// Count is how many stacks have something.
type Count struct {
	Value string
	Count int
}

// Snapshot is what this replica knows at one moment. Nobody changes it.
type Snapshot struct {
	State store.State
	// Stacks are in the order of their keys.
	Stacks []*Stack
	// Pending are the triggers that hold their stacks, by stack.
	Pending map[string]store.Trigger
	// Spaces are those with stacks and those above them; Labels the most frequent ones; Groups all groups.
	Spaces []client.Space
	Labels []Count
	Groups []Count
	// Unknown counts the stacks in states that are not known; CanWrite tells whether the key may write to any stack.
	Unknown  int
	CanWrite bool
	// List is the body of GET /stacks.
	List *Body

	byID    map[string]*Stack
	parents map[string]string
}

// Synced reports whether there ever was a complete sweep.
func (s *Snapshot) Synced() bool { return !s.State.SweptAt.IsZero() }

// Stack returns a stack by its id, or nil.
func (s *Snapshot) Stack(id string) *Stack { return s.byID[id] }

// rootSpace is above all others.
const rootSpace = "root"

// Within reports whether a space is the given one or below it. What is above a space without stacks is not known, but
// that the root is above everything.
func (s *Snapshot) Within(space, above string) bool {
	if above == rootSpace {
		return true
	}
	for range len(s.parents) + 1 { // a ring would be Spacelift's mistake, and must not hang us
		if space == above {
			return true
		}
		parent, ok := s.parents[space]
		if !ok || parent == "" {
			return false
		}
		space = parent
	}
	return false
}

// Moving returns the stacks that change by themselves, or are held by a trigger of ours.
func (s *Snapshot) Moving() []string {
	var ids []string
	for _, stack := range s.Stacks {
		if _, held := s.Pending[stack.ID]; held || state.Moving(stack.State) {
			ids = append(ids, stack.ID)
		}
	}
	return ids
}

// MayMove returns the stacks in states that are not known, and whether one of them came into it after the given time.
func (s *Snapshot) MayMove(since time.Time) (ids []string, lately bool) {
	if s.Unknown == 0 {
		return nil, false
	}
	for _, stack := range s.Stacks {
		if _, held := s.Pending[stack.ID]; !held && state.MayMove(stack.State) {
			ids = append(ids, stack.ID)
			lately = lately || stack.StateSetAt.After(since)
		}
	}
	return ids, lately
}

// newStack prepares one stack.
func newStack(c client.Stack) *Stack {
	s := &Stack{Stack: c, Group: state.Group(c.State), Key: strings.ToLower(c.Name) + "\x00" + c.ID}
	parts := append([]string{c.Name, c.ID, c.Description, c.Branch, c.Namespace + "/" + c.Repository, c.Space.ID, c.Space.Name}, c.Labels...)
	// A word of a search must not match across two parts.
	s.Text = strings.ToLower(strings.Join(parts, "\n"))
	s.compat = compatJSON(c)
	return s
}

// build makes a snapshot of all stacks that there are.
func build(st store.State, byID map[string]*Stack, pending []store.Trigger) *Snapshot {
	s := &Snapshot{State: st, byID: byID, Pending: map[string]store.Trigger{}, Stacks: make([]*Stack, 0, len(byID))}
	for _, stack := range byID {
		s.Stacks = append(s.Stacks, stack)
	}
	slices.SortFunc(s.Stacks, func(a, b *Stack) int { return strings.Compare(a.Key, b.Key) })
	for _, t := range pending {
		s.Pending[t.StackID] = t
	}
	s.count()
	s.List = newList(s.Stacks)
	return s
}

// labelsShown bounds the labels that are offered as filters.
const labelsShown = 200

func (s *Snapshot) count() {
	labels, groups, spaces := map[string]int{}, map[string]int{}, map[string]client.Space{}
	for _, stack := range s.Stacks {
		groups[stack.Group]++
		for _, l := range stack.Labels {
			labels[l]++
		}
		if stack.Space.ID != "" {
			spaces[stack.Space.ID] = stack.Space
		}
		if !state.Known(stack.State) {
			s.Unknown++
		}
		s.CanWrite = s.CanWrite || stack.CanWrite
	}
	s.parents = make(map[string]string, len(spaces))
	for id, space := range spaces {
		s.parents[id] = space.Parent
	}
	for _, space := range spaces {
		if _, known := spaces[space.Parent]; space.Parent != "" && !known {
			// It has no stacks, so that nobody told us its name.
			spaces[space.Parent] = client.Space{ID: space.Parent, Name: space.Parent}
		}
	}
	for _, space := range spaces {
		s.Spaces = append(s.Spaces, space)
	}
	slices.SortFunc(s.Spaces, func(a, b client.Space) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	for value, n := range labels {
		s.Labels = append(s.Labels, Count{value, n})
	}
	slices.SortFunc(s.Labels, func(a, b Count) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value)) })
	s.Labels = s.Labels[:min(len(s.Labels), labelsShown)]
	for _, g := range state.Groups() {
		s.Groups = append(s.Groups, Count{g, groups[g]})
	}
}
