package spacelift

import (
	"context"
	"errors"

	"github.com/graph-gophers/graphql-go"
)

// root resolves the fields of Query and Mutation. Its methods are named as graph-gophers wants them.
type root struct{ server *Server }

type userView struct {
	ID                     graphql.ID
	Name, Login, JWT, Type *string
	ValidUntil             *int32
}

var errNotFound = errors.New("not found")

// Viewer is who asks, null for strangers.
func (q *root) Viewer(ctx context.Context) *userView {
	c := sessionOf(ctx).caller
	if c.anonymous() {
		return nil
	}
	return &userView{ID: graphql.ID(c.who()), Name: optional(c.key.Name), Login: optional(c.who())}
}

// Stacks are all that the caller sees, at once; none for strangers, and that is no error (spacelift.md 5.3).
func (q *root) Stacks(ctx context.Context) []*stackView {
	c := sessionOf(ctx).caller
	defer q.server.world.lock()()
	views := []*stackView{}
	for _, st := range q.server.world.stacks {
		if c.sees(st) {
			views = append(views, q.server.viewStack(st, c))
		}
	}
	return views
}

// Stack is null if there is none, or none that the caller sees.
func (q *root) Stack(ctx context.Context, args struct{ ID graphql.ID }) (*stackView, error) {
	c := sessionOf(ctx).caller
	if c.anonymous() {
		return nil, errUnauthorized
	}
	defer q.server.world.lock()()
	st := q.server.world.stackBy[string(args.ID)]
	if st == nil || !c.sees(st) {
		return nil, nil //nolint:nilnil // null without an error, as spacelift.md 5.3 has it
	}
	return q.server.viewStack(st, c), nil
}

// RunStack is the stack of a run.
func (q *root) RunStack(ctx context.Context, args struct{ RunID graphql.ID }) (*stackView, error) {
	c := sessionOf(ctx).caller
	if c.anonymous() {
		return nil, errUnauthorized
	}
	defer q.server.world.lock()()
	r := q.server.world.findRun(string(args.RunID))
	if r == nil || !c.sees(r.stack) {
		return nil, errNotFound
	}
	return q.server.viewStack(r.stack, c), nil
}

// Spaces are those that the caller has a role in.
func (q *root) Spaces(ctx context.Context) []*spaceView {
	c := sessionOf(ctx).caller
	views := []*spaceView{}
	for _, sp := range q.server.world.spaces {
		if c.may(sp, Reader) {
			views = append(views, viewSpace(sp, c))
		}
	}
	return views
}

// Space is one space.
func (q *root) Space(ctx context.Context, args struct{ ID graphql.ID }) (*spaceView, error) {
	c := sessionOf(ctx).caller
	if c.anonymous() {
		return nil, errUnauthorized
	}
	sp := q.server.world.spaceBy[string(args.ID)]
	if sp == nil || !c.may(sp, Reader) {
		return nil, nil //nolint:nilnil // null without an error
	}
	return viewSpace(sp, c), nil
}

// WorkerPools are the private ones.
func (q *root) WorkerPools(ctx context.Context) []*poolView {
	views := []*poolView{}
	if sessionOf(ctx).caller.anonymous() {
		return views
	}
	for _, p := range q.server.world.pools {
		views = append(views, viewPool(p))
	}
	return views
}

type publicPoolView struct{ BusyWorkers, PendingRuns, Parallelism int32 }

// PublicWorkerPool is the one that everybody shares.
func (q *root) PublicWorkerPool(ctx context.Context) *publicPoolView {
	if sessionOf(ctx).caller.anonymous() {
		return nil
	}
	defer q.server.world.lock()()
	p := q.server.world.public
	small := func(n int) int32 { return int32(n) } //nolint:gosec // a count
	return &publicPoolView{BusyWorkers: small(p.busy), PendingRuns: small(len(p.waiting)), Parallelism: small(p.size)}
}
