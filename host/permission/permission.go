package permission

import (
	"context"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/discovery"
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
	// the wire has them (core.md 8.1), as an entity value.
	PluginID, ResourceType string
	Conditions             any
}

// Allowed reports whether the decision is a plain yes.
func (d Decision) Allowed() bool { return d.Result == Allow }

// Checker decides. It is safe for concurrent use.
type Checker interface {
	// Authorize decides about one permission. The resourceRef names the resource for permissions that have a
	// ResourceType; empty asks about all of them at once, which may have a Conditional answer.
	Authorize(ctx context.Context, who auth.Credentials, p Permission, resourceRef string) (Decision, error)
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

// Tokens issues the tokens with which a plugin asks the permission backend; auth.Service is one.
type Tokens interface {
	IssueToken(ctx context.Context, from string, onBehalfOf auth.Credentials, to string) (string, error)
}

// Service makes the checkers of all plugins.
type Service struct{}

// New returns the service that the configuration asks for. It returns a config.Problem for `permission.enabled: true`,
// which needs a permission backend.
func New(c *config.Config, _ *discovery.Service) (*Service, error) {
	enabled, _, err := c.OptionalBool("permission.enabled")
	if err != nil {
		return nil, err
	}
	if enabled {
		return nil, c.Errorf("permission.enabled", "set it to false or remove it",
			"true is not supported: this server cannot ask a permission backend yet, and will not allow what one may forbid")
	}
	return &Service{}, nil
}

// For returns what decides for one plugin, which asks with its own tokens.
func (*Service) For(_ string, _ Tokens) Checker { return &Local{} }

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
