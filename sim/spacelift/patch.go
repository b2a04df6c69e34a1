package spacelift

import (
	"errors"
	"fmt"
	"slices"

	"github.com/graph-gophers/graphql-go/ast"
)

// Patch changes a stack; fields that are nil stay as they are.
type Patch struct {
	Name        *string   `json:"name,omitempty"`
	Description *string   `json:"description,omitempty"`
	Labels      *[]string `json:"labels,omitempty"`
	Branch      *string   `json:"branch,omitempty"`
	Space       *string   `json:"space,omitempty"`
	State       *string   `json:"state,omitempty"`
	Autodeploy  *bool     `json:"autodeploy,omitempty"`
	Approval    *bool     `json:"approval,omitempty"`
	Disabled    *bool     `json:"disabled,omitempty"`
	Deleting    *bool     `json:"deleting,omitempty"`
	Deleted     *bool     `json:"deleted,omitempty"` // takes the stack out of the account, for good
	LockedBy    *string   `json:"lockedBy,omitempty"`
	LockNote    *string   `json:"lockNote,omitempty"`
	Trait       *Trait    `json:"trait,omitempty"`
}

// ErrUnknown is about something that the account does not have.
var ErrUnknown = errors.New("not in this account")

// PatchStack changes a stack, and makes it first if there is none with that id.
func (s *Server) PatchStack(stackID string, patch Patch) error {
	if patch.State != nil && !s.knows("StackState", *patch.State) {
		return fmt.Errorf("state %q is none of a stack", *patch.State)
	}
	defer s.world.lock()()
	w := s.world
	sp := w.spaces[0]
	if patch.Space != nil {
		if sp = w.spaceBy[*patch.Space]; sp == nil {
			return fmt.Errorf("space %q: %w", *patch.Space, ErrUnknown)
		}
	}
	st := w.stackBy[stackID]
	if st == nil {
		st = w.newStack(stackID, sp)
		st.state, st.createdAt = stateNone, w.now()
		w.addStack(st)
	}
	if patch.Space != nil {
		st.space = sp
	}
	w.patch(st, patch)
	return nil
}

func (w *world) patch(st *stack, p Patch) {
	if p.Name != nil {
		w.rename(st, *p.Name)
	}
	set(&st.description, p.Description)
	set(&st.labels, p.Labels)
	set(&st.branch, p.Branch)
	set(&st.autodeploy, p.Autodeploy)
	set(&st.approval, p.Approval)
	set(&st.disabled, p.Disabled)
	set(&st.deleting, p.Deleting)
	set(&st.lockNote, p.LockNote)
	set(&st.trait, p.Trait)
	if p.LockedBy != nil {
		st.lockedBy, st.lockedAt = *p.LockedBy, w.now()
		if *p.LockedBy == "" {
			st.unlock()
		}
	}
	if p.State != nil {
		w.load(st)
		st.state, st.stateSetAt = *p.State, w.now()
	}
	if p.Deleted != nil && *p.Deleted {
		w.removeStack(st)
	}
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

func (w *world) rename(st *stack, name string) {
	if at, found := slices.BinarySearchFunc(w.stacks, st, byName); found {
		w.stacks = slices.Delete(w.stacks, at, at+1)
	}
	st.name = name
	at, _ := slices.BinarySearchFunc(w.stacks, st, byName)
	w.stacks = slices.Insert(w.stacks, at, st)
}

// ForceRun moves a run to a state, whatever its own would allow, and lets it go on from there.
func (s *Server) ForceRun(runID, state string) error {
	if !s.knows("RunState", state) {
		return fmt.Errorf("state %q is none of a run", state)
	}
	defer s.world.lock()()
	w := s.world
	found := w.findRun(runID)
	if found == nil {
		return fmt.Errorf("run %q: %w", runID, ErrUnknown)
	}
	r := w.loadRun(found.stack, runID)
	w.release(r)
	if r.blocks() && r.stack.blocker == nil && !terminal(state) {
		r.stack.blocker = r
	}
	if needsWorker(state) {
		r.working = true
		r.stack.pool.busy++
	}
	w.enter(r, state, "", "forced")
	return nil
}

// knows says whether an enum of the schema has a value.
func (s *Server) knows(enum, value string) bool {
	kind, _ := s.schema.AST().Types[enum].(*ast.EnumTypeDefinition)
	return kind != nil && slices.ContainsFunc(kind.EnumValuesDefinition, func(v *ast.EnumValueDefinition) bool {
		return v.EnumValue == value
	})
}
