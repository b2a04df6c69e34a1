package spacelift

import (
	"context"
	"strings"

	"github.com/graph-gophers/graphql-go"
)

// StackLock keeps others from triggering.
func (q *root) StackLock(ctx context.Context, args struct {
	ID   graphql.ID
	Note *string
},
) (*stackView, error) {
	return q.turn(ctx, args.ID, func(w *world, st *stack, c caller) error {
		if st.lockedBy != "" && st.lockedBy != c.who() {
			return errLocked
		}
		st.lockedBy, st.lockedAt = c.who(), w.now()
		if args.Note != nil {
			st.lockNote = strings.TrimSpace(*args.Note)
		}
		return nil
	})
}

type stackArgs struct{ ID graphql.ID }

// StackUnlock lets others trigger again. Only who has locked may.
func (q *root) StackUnlock(ctx context.Context, args stackArgs) (*stackView, error) {
	return q.turn(ctx, args.ID, func(w *world, st *stack, c caller) error {
		if st.lockedBy != "" && st.lockedBy != c.who() && !c.may(st.space, Admin) {
			return errLocked
		}
		st.unlock()
		return nil
	})
}

// StackEnable lets the stack have runs.
func (q *root) StackEnable(ctx context.Context, args stackArgs) (*stackView, error) {
	return q.turn(ctx, args.ID, func(_ *world, st *stack, _ caller) error {
		st.disabled = false
		return nil
	})
}

// StackDisable keeps the stack from having runs.
func (q *root) StackDisable(ctx context.Context, args stackArgs) (*stackView, error) {
	return q.turn(ctx, args.ID, func(_ *world, st *stack, _ caller) error {
		st.disabled = true
		return nil
	})
}

func (q *root) turn(ctx context.Context, stackID graphql.ID, act func(*world, *stack, caller) error) (*stackView, error) {
	return change(ctx, q, stackID, Writer, func(w *world, st *stack, c caller) (*stackView, error) {
		if err := act(w, st, c); err != nil {
			return nil, err
		}
		return q.server.viewStack(st, c), nil
	})
}
