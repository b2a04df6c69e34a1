package permission

import (
	"context"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

// Permission is something that a caller may be allowed to do.
type Permission struct {
	// Name is the permission's name, such as "catalog.entity.read".
	Name string
	// Action is its action attribute: create, read, update or delete; empty when it has none.
	Action string
	// ResourceType is set for permissions on single resources, such as "catalog-entity".
	ResourceType string
}

// Result is the outcome of an authorization (core.md 8.1).
type Result string

// The outcomes of an authorization.
const (
	Allow       Result = "ALLOW"
	Deny        Result = "DENY"
	Conditional Result = "CONDITIONAL"
)

// Decision is the answer to "may this caller do this?". The zero value denies.
type Decision struct {
	// Result is the outcome.
	Result Result
	// PluginID, ResourceType and Conditions describe what a Conditional decision depends on. Conditions are criteria as
	// the wire has them (core.md 8.1), as an entity value; Resources.Criteria reads them.
	PluginID, ResourceType string
	Conditions             any
}

// Allowed reports whether the decision is a plain yes.
func (d Decision) Allowed() bool { return d.Result == Allow }

// Checker decides. It is safe for concurrent use.
type Checker interface {
	// Authorize decides about one permission. The resourceRef names the resource for permissions that have a
	// ResourceType; empty asks about all of them at once, which may have a Conditional answer. An error means that there
	// is no decision; it is a ServiceUnavailableError where the permission backend could not be asked.
	Authorize(ctx context.Context, who auth.Credentials, p Permission, resourceRef string) (Decision, error)
}

// Query is one question of several.
type Query struct {
	// Permission is what is asked for.
	Permission Permission
	// ResourceRef is as in Checker.Authorize.
	ResourceRef string
}

// Batcher is a checker that answers several questions in one request.
type Batcher interface {
	// AuthorizeAll returns one decision for each query, in their order.
	AuthorizeAll(ctx context.Context, who auth.Credentials, queries []Query) ([]Decision, error)
}

// AuthorizeAll returns one decision for each query, in their order: with one request, where the checker is a Batcher.
func AuthorizeAll(ctx context.Context, c Checker, who auth.Credentials, queries []Query) ([]Decision, error) {
	if b, ok := c.(Batcher); ok {
		return b.AuthorizeAll(ctx, who, queries)
	}
	decisions := make([]Decision, len(queries))
	for i, q := range queries {
		d, err := c.Authorize(ctx, who, q.Permission, q.ResourceRef)
		if err != nil {
			return nil, err
		}
		decisions[i] = d
	}
	return decisions, nil
}

// Require returns nil if the caller may, and else the NotAllowedError, without a text, that Backstage answers.
func Require(ctx context.Context, c Checker, who auth.Credentials, p Permission, resourceRef string) error {
	d, err := c.Authorize(ctx, who, p, resourceRef)
	if err != nil {
		return err
	}
	if !d.Allowed() {
		return fault.NotAllowed("")
	}
	return nil
}

// Local decides without asking anybody (core.md 8.3 and 8.4).
type Local struct{}

// Authorize allows users, and callers without credentials, everything, because permissions are disabled; services within
// the restrictions of their token.
func (*Local) Authorize(_ context.Context, who auth.Credentials, p Permission, _ string) (Decision, error) {
	if who.IsService() && !who.Restrictions.Allows(p.Name, p.Action) {
		return Decision{Result: Deny}, nil
	}
	return Decision{Result: Allow}, nil
}

var _ Checker = (*Local)(nil)
