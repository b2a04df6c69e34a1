package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
)

// access is with which stacks a caller may do something. The zero value is none.
type access struct {
	all bool
	// test is set where a policy's conditions choose.
	test test
}

func (x access) none() bool { return !x.all && x.test == nil }

// allows reports whether the caller may with this stack.
func (x access) allows(s *mirror.Snapshot, stack *client.Stack) bool {
	return x.all || x.test != nil && x.test(s, stack) == yes
}

// knows reports whether there is a stack with this id that the caller may see. Without conditions every id is taken at its word.
func (x access) knows(s *mirror.Snapshot, id string) bool {
	if x.all {
		return true
	}
	stack := s.Stack(id)
	return stack != nil && x.allows(s, &stack.Stack)
}

// view is what the caller may see of a snapshot.
func (x access) view(s *mirror.Snapshot) *mirror.Snapshot {
	if x.all {
		return s
	}
	return s.Only(func(stack *client.Stack) bool { return x.allows(s, stack) })
}

// ask asks for permissions on all stacks at once: one request, however many stacks there are.
func (a *API) ask(ctx context.Context, permissions ...permission.Permission) ([]access, error) {
	queries := make([]permission.Query, len(permissions))
	for i, p := range permissions {
		queries[i].Permission = p
	}
	decisions, err := permission.AuthorizeAll(ctx, a.Permissions, auth.FromContext(ctx), queries)
	if err != nil {
		return nil, err
	}
	out := make([]access, len(decisions))
	for i, d := range decisions {
		switch d.Result {
		case permission.Allow:
			out[i].all = true
		case permission.Conditional:
			if out[i].test, err = a.conditions(ctx, d); err != nil {
				return nil, fmt.Errorf("the permission policy's conditions on %s: %w", permissions[i].Name, err)
			}
		case permission.Deny:
		}
	}
	return out, nil
}

func (a *API) conditions(ctx context.Context, d permission.Decision) (test, error) {
	described := permission.Resources{Type: resourceType, Rules: stackRules}
	criteria, err := described.Criteria(d)
	if err != nil {
		return nil, err
	}
	return a.test(ctx, criteria)
}

// handler serves a caller whose access to each of the permissions is known.
type handler func(w http.ResponseWriter, r *http.Request, may []access) error

// may asks for permissions, the first of which is needed, and answers what goes wrong in the plugin's own form. Who may not at all
// is told so, but for a single stack: there it is as if there was none.
func (a *API) may(h handler, permissions ...permission.Permission) router.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		may, err := a.ask(r.Context(), permissions...)
		switch {
		case err != nil:
		case !may[0].none():
			err = h(w, r, may)
		case r.PathValue("id") != "":
			err = noStack()
		default:
			err = notAllowed("You may not see stacks: the permission policy says so.")
		}
		return a.answer(w, r, err)
	}
}

// noStack is the answer for a stack that is not there, and for one that the caller may not see.
func noStack() error {
	return &client.Error{Code: client.CodeNotFound, Status: http.StatusNotFound, Message: "there is no stack with this id, or it may not be seen"}
}

// hide makes all ways of not being there look alike where conditions hide stacks.
func hide(err error, x access) error {
	if e, ok := errors.AsType[*client.Error](err); ok && e.Code == client.CodeNotFound && !x.all {
		return noStack()
	}
	return err
}

// undecided gives the answer of a permission backend that could not be asked the plugin's form; nil for other errors.
func undecided(err error) *problem {
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Status == http.StatusServiceUnavailable {
		return &problem{status: e.Status, code: codeUndecided, message: e.Message}
	}
	return nil
}
