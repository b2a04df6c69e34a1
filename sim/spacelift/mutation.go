package spacelift

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/graph-gophers/graphql-go"
)

// Texts of refusals. Spacelift's own are not known (spacelift.md 9); clients must not depend on these.
var (
	errLocked   = errors.New("stack is locked")
	errDisabled = errors.New("stack is disabled")
	errDeleting = errors.New("stack is being deleted")
	errModule   = errors.New("runs of type TESTING are for modules")
	errApproval = errors.New("run needs approval")
)

// APIKeyUser hands out a token for a key.
func (q *root) APIKeyUser(ctx context.Context, args struct {
	ID     graphql.ID
	Secret string
},
) (*userView, error) {
	s := sessionOf(ctx)
	if s.faults.has("key_revoked") {
		return nil, nil //nolint:nilnil // an unknown key is null, not an error
	}
	key, err := q.server.identity.key(string(args.ID), args.Secret)
	if err != nil || key == nil {
		return nil, err
	}
	return q.user(s, *key, "api-key", "api::"+key.ID), nil
}

// OAuthUser hands out a token for OAuthToken.
func (q *root) OAuthUser(ctx context.Context, args struct{ Token string }) (*userView, error) {
	if args.Token != OAuthToken {
		return nil, errUnauthorized
	}
	return q.user(sessionOf(ctx), oauthKey, "github", oauthKey.ID), nil
}

func (q *root) user(s *session, key Key, issuer, subject string) *userView {
	now := q.server.Now().Add(s.faults.skew())
	token, until := q.server.identity.issue(key, issuer, subject, s.audience, now, s.faults.ttl())
	return &userView{
		ID: graphql.ID(subject), Name: optional(key.Name), Login: optional(subject), JWT: &token, ValidUntil: &until,
	}
}

// Logout revokes the token that it comes with.
func (q *root) Logout(ctx context.Context) (*userView, error) {
	c := sessionOf(ctx).caller
	if c.anonymous() {
		return nil, errUnauthorized
	}
	q.server.identity.revoke(c.token)
	return q.Viewer(ctx), nil
}

// change does something to a stack, if the caller has the role there.
func change[T any](
	ctx context.Context, q *root, stackID graphql.ID, least Role, act func(*world, *stack, caller) (T, error),
) (T, error) {
	var none T
	c := sessionOf(ctx).caller
	if c.anonymous() {
		return none, errUnauthorized
	}
	w := q.server.world
	defer w.lock()()
	st := w.stackBy[string(stackID)]
	if st == nil || !c.sees(st) {
		return none, errNotFound
	}
	if !c.may(st.space, least) {
		return none, errUnauthorized
	}
	return act(w, st, c)
}

type triggerArgs struct {
	Stack              graphql.ID
	CommitSha, RunType *string
	RuntimeConfig      *runtimeConfig
}

type runtimeConfig struct {
	Yaml, ProjectRoot, RunnerImage *string
	Environment                    *[]struct{ Key, Value string }
	BeforeInit, AfterInit          *[]string
	BeforePlan, AfterPlan          *[]string
	BeforeApply, AfterApply        *[]string
}

// RunTrigger starts a run. It is there at once, in QUEUED, also when another run is before it.
func (q *root) RunTrigger(ctx context.Context, args triggerArgs) (*runView, error) {
	least := Writer
	if args.RuntimeConfig != nil {
		least = Admin
	}
	return change(ctx, q, args.Stack, least, func(w *world, st *stack, c caller) (*runView, error) {
		switch {
		case st.disabled:
			return nil, errDisabled
		case st.lockedBy != "" && st.lockedBy != c.who():
			return nil, errLocked
		case st.deleting:
			return nil, errDeleting
		}
		kind := typeTracked
		if args.RunType != nil {
			kind = *args.RunType
		}
		if kind == typeTesting {
			return nil, errModule
		}
		r := w.start(st, kind, c.who())
		r.metadata = sessionOf(ctx).metadata
		if args.CommitSha != nil {
			r.commit.hash = *args.CommitSha
		}
		return q.server.viewRun(r, c), nil
	})
}

type runArgs struct {
	Stack graphql.ID
	Run   graphql.ID
	Note  *string
}

type blockerArgs struct {
	Stack graphql.ID
	Run   *graphql.ID
	Note  *string
}

func (a blockerArgs) note() string {
	if a.Note == nil {
		return ""
	}
	return *a.Note
}

// pick is the run of the arguments; without one it is the one that others wait for.
func (a blockerArgs) pick(w *world, st *stack) (*run, error) {
	w.load(st)
	if a.Run == nil {
		if st.blocker == nil {
			return nil, errNotFound
		}
		return st.blocker, nil
	}
	if r := w.loadRun(st, string(*a.Run)); r != nil {
		return r, nil
	}
	return nil, errNotFound
}

func (a runArgs) blocker() blockerArgs { return blockerArgs{Stack: a.Stack, Run: &a.Run, Note: a.Note} }

// step moves a run on, if its state is one of those.
func (q *root) step(
	ctx context.Context, args blockerArgs, verb string, from []string, act func(*world, *run, caller) error,
) (*runView, error) {
	return change(ctx, q, args.Stack, Reader, func(w *world, st *stack, c caller) (*runView, error) {
		r, err := args.pick(w, st)
		if err != nil {
			return nil, err
		}
		if least := leastFor(verb, r); !c.may(st.space, least) {
			return nil, errUnauthorized
		}
		if !slices.Contains(from, r.state) {
			return nil, fmt.Errorf("cannot %s a run in state %s", verb, r.state)
		}
		if err := act(w, r, c); err != nil {
			return nil, err
		}
		return q.server.viewRun(r, c), nil
	})
}

// leastFor is the table of spacelift.md 5.7: readers may stop, cancel and retry what blocks nothing.
func leastFor(verb string, r *run) Role {
	if verb == "cancel" || verb == "stop" || verb == "retry" {
		return leastForRetry(r)
	}
	return Writer
}

// RunConfirm lets a planned run go on.
func (q *root) RunConfirm(ctx context.Context, args blockerArgs) (*runView, error) {
	return q.step(ctx, args, "confirm", []string{stateUnconfirmed}, func(w *world, r *run, c caller) error {
		if r.needsApproval() {
			return errApproval
		}
		w.enter(r, stateConfirmed, c.who(), args.note())
		return nil
	})
}

// RunDiscard drops a planned run.
func (q *root) RunDiscard(ctx context.Context, args blockerArgs) (*runView, error) {
	from := []string{stateUnconfirmed, statePendingReview}
	return q.step(ctx, args, "discard", from, func(w *world, r *run, c caller) error {
		w.enter(r, stateDiscarded, c.who(), args.note())
		return nil
	})
}

// RunCancel drops a run that has not begun.
func (q *root) RunCancel(ctx context.Context, args runArgs) (*runView, error) {
	a := args.blocker()
	return q.step(ctx, a, "cancel", []string{stateQueued, stateReady}, func(w *world, r *run, c caller) error {
		w.enter(r, stateCanceled, c.who(), a.note())
		return nil
	})
}

// RunStop asks the worker to stop; it takes a moment (spacelift.md 8.3).
func (q *root) RunStop(ctx context.Context, args runArgs) (*runView, error) {
	a := args.blocker()
	from := []string{statePreparing, stateInitializing, statePlanning}
	return q.step(ctx, a, "stop", from, func(w *world, r *run, c caller) error {
		r.generation++ // what was to come next does not
		w.wait(r, dwellReady, func() { w.enter(r, stateStopped, c.who(), a.note()) })
		return nil
	})
}

// RunRetry puts a run that failed back into the queue.
func (q *root) RunRetry(ctx context.Context, args struct{ Stack, Run graphql.ID }) (*runView, error) {
	a := blockerArgs{Stack: args.Stack, Run: &args.Run}
	return q.step(ctx, a, "retry", []string{stateFailed, stateStopped}, func(w *world, r *run, c caller) error {
		w.enter(r, stateQueued, c.who(), "")
		return nil
	})
}

type reviewView struct {
	ID               graphql.ID
	Decision, Author string
	Timestamp        int32
}

// RunReview approves or rejects.
func (q *root) RunReview(ctx context.Context, args struct {
	Stack, Run graphql.ID
	Decision   string
	Note       *string
},
) (*reviewView, error) {
	var view *reviewView
	a := blockerArgs{Stack: args.Stack, Run: &args.Run, Note: args.Note}
	from := []string{stateQueued, stateUnconfirmed, statePendingReview}
	_, err := q.step(ctx, a, "review", from, func(w *world, r *run, c caller) error {
		r.reviews++
		view = &reviewView{
			ID:       graphql.ID(id(w.now(), mix(r.key, 0x9e, uint64(r.reviews)))), //nolint:gosec // a count
			Decision: args.Decision, Author: c.who(), Timestamp: unix(w.now()),
		}
		r.approved = args.Decision == "APPROVE"
		switch {
		case !r.approved && r.state != stateQueued:
			w.enter(r, stateDiscarded, c.who(), a.note())
		case r.approved && r.state == statePendingReview:
			w.enter(r, stateFinished, c.who(), a.note())
		}
		return nil
	})
	return view, err
}

// RunComment leaves a remark that people see.
func (q *root) RunComment(ctx context.Context, args struct {
	Stack, Run graphql.ID
	Body       string
},
) (*commentView, error) {
	return change(ctx, q, args.Stack, Reader, func(w *world, st *stack, c caller) (*commentView, error) {
		r := w.loadRun(st, string(args.Run))
		if r == nil {
			return nil, errNotFound
		}
		made := comment{body: args.Body, username: c.who(), at: w.now()}
		r.comments = append(r.comments, made)
		return &commentView{Body: made.body, Username: made.username, CreatedAt: unix(made.at)}, nil
	})
}
