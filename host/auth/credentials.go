package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
)

// Kind says what sort of caller a principal is (core.md 4.9).
type Kind string

// The kinds of principal.
const (
	// KindNone is a caller that presented no credentials.
	KindNone Kind = "none"
	// KindUser is a signed-in user, perhaps by way of a plugin that acts on their behalf.
	KindUser Kind = "user"
	// KindService is another plugin, or a caller with external access.
	KindService Kind = "service"
)

// Principal is who calls.
type Principal struct {
	// Kind decides which of the other fields are set. The zero value stands for KindNone.
	Kind Kind
	// UserRef is a user's entity ref, such as "user:default/jane".
	UserRef string
	// Subject is a service's name: "plugin:<id>", or the subject of an external access.
	Subject string
	// Actor is the service that acts on a user's behalf, as "plugin:<id>"; empty when the user calls directly.
	Actor string
	// Restrictions limit what a service may do in the plugin that it called; nil means no limits.
	Restrictions *Restrictions
}

// Restrictions are the limits that an accessRestrictions entry sets for one plugin (core.md 4.8). They are enforced
// where permissions are checked (core.md 8.4). An empty list sets no limit of its kind.
type Restrictions struct {
	// Permissions are the names of the permissions that the caller may use.
	Permissions []string
	// Actions are the values of a permission's action attribute that the caller may use.
	Actions []string
}

// Limited reports whether the restrictions limit anything beyond the choice of plugin.
func (r *Restrictions) Limited() bool {
	return r != nil && (len(r.Permissions) > 0 || len(r.Actions) > 0)
}

// Allows reports whether a permission with this name and action is within the restrictions. A permission without an
// action is refused where actions are limited. Nil allows everything.
func (r *Restrictions) Allows(permission, action string) bool {
	if r == nil {
		return true
	}
	if len(r.Permissions) > 0 && !slices.Contains(r.Permissions, permission) {
		return false
	}
	return len(r.Actions) == 0 || (action != "" && slices.Contains(r.Actions, action))
}

// String names the principal for logs and audit events: the user's ref, the service's subject, or "none".
func (p Principal) String() string {
	switch p.Kind {
	case KindUser:
		return p.UserRef
	case KindService:
		return p.Subject
	default:
		return string(KindNone)
	}
}

// Credentials are a principal together with the token that proves it. The zero value is no credentials.
type Credentials struct {
	Principal
	// ExpiresAt is when the token ends; zero for tokens that do not end.
	ExpiresAt time.Time

	// token is what to pass on for this principal: for an on-behalf-of call the embedded user token.
	token sealed
	// reach holds the restrictions for every plugin the token may be used at; nil means everywhere.
	reach map[string]Restrictions
}

// Token returns the token that proves the principal; empty when there is none. It is a secret: it belongs into the
// Authorization header of a request and nowhere else.
func (c Credentials) Token() string {
	if c.token == nil {
		return ""
	}
	return c.token().Reveal()
}

// sealed is a secret behind a function, because fmt prints what is behind unexported fields, and the pointers in them,
// without asking their methods.
type sealed func() config.Secret

func seal(text string) sealed {
	secret := config.NewSecret(text)
	return func() config.Secret { return secret }
}

// IsNone reports whether there are no credentials.
func (c Credentials) IsNone() bool { return c.Kind == KindNone || c.Kind == "" }

// IsUser reports whether the principal is a user.
func (c Credentials) IsUser() bool { return c.Kind == KindUser }

// IsService reports whether the principal is a service.
func (c Credentials) IsService() bool { return c.Kind == KindService }

// LogValue is the principal without its token.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Format writes the principal without its token, whatever the verb.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// UserCredentials returns credentials of a user who is known by other means than a request, such as a test.
func UserCredentials(userRef string) Credentials {
	return Credentials{Principal: Principal{Kind: KindUser, UserRef: userRef}}
}

// subjectPrefix is before a plugin's id in the subject of its own credentials (core.md 4.9).
const subjectPrefix = "plugin:"

// PluginCredentials returns a plugin's own credentials, by its id alone: those that its tokens prove elsewhere, and with which
// it calls what lives in this process. It panics on a subject in the place of the id: such credentials would be
// another principal, whom nobody knows.
func PluginCredentials(id string) Credentials {
	if strings.HasPrefix(id, subjectPrefix) {
		panic(fmt.Sprintf("auth: credentials of the plugin %q: its id is wanted, without %q", id, subjectPrefix))
	}
	return Credentials{Principal: Principal{Kind: KindService, Subject: subjectPrefix + id}}
}

// Delegate returns the credentials with which one plugin of this process may read another one, to, for whoever called it:
// what a token that it issued would prove there. A service is held to the restrictions of its token, because what it may
// not do itself it may not have done (core.md 4.8): the error is a NotAllowedError. Restrictions for the plugin that was
// called say nothing about the other one, and are left out.
func (c Credentials) Delegate(to string) (Credentials, error) {
	if !c.IsService() || c.reach == nil {
		return c, nil
	}
	limits, ok := c.reach[to]
	if !ok {
		return Credentials{}, fault.NotAllowed("Access to target plugin '%s' is not included in token's access restrictions", to)
	}
	if limits.Limited() {
		return Credentials{}, fault.NotAllowed("Access to target plugin '%s' is restricted and cannot be delegated", to)
	}
	c.Restrictions = nil
	return c, nil
}

type contextKey struct{}

// carried is what the gate leaves in the context: the credentials, or the means to verify them when asked.
type carried struct {
	credentials Credentials
	look        func(context.Context) (Credentials, error)
}

// FromContext returns the credentials that the gate has verified. On a path that its plugin opened nothing is verified
// yet, and the result is none: use Look there.
func FromContext(ctx context.Context) Credentials {
	c, ok := ctx.Value(contextKey{}).(carried)
	if !ok || c.look != nil {
		return Credentials{Principal: Principal{Kind: KindNone}}
	}
	return c.credentials
}

// WithCredentials returns a context that carries verified credentials.
func WithCredentials(ctx context.Context, c Credentials) context.Context {
	if c.Kind == "" {
		c.Kind = KindNone
	}
	return context.WithValue(ctx, contextKey{}, carried{credentials: c})
}

// Look returns the caller's credentials, verifying them first where the plugin opened the path. Without a token they are
// none; a token that cannot be verified is an AuthenticationError.
func Look(ctx context.Context) (Credentials, error) {
	if c, ok := ctx.Value(contextKey{}).(carried); ok && c.look != nil {
		return c.look(ctx)
	}
	return FromContext(ctx), nil
}

// Require returns the caller's credentials if they are of one of the kinds. Missing credentials are an
// AuthenticationError, the wrong kind is a NotAllowedError (core.md 4.9).
func Require(ctx context.Context, kinds ...Kind) (Credentials, error) {
	c, err := Look(ctx)
	if err != nil {
		return Credentials{}, err
	}
	if slices.Contains(kinds, c.Kind) {
		return c, nil
	}
	if c.IsNone() {
		return Credentials{}, fault.Authentication("Missing credentials")
	}
	return Credentials{}, fault.NotAllowed("This endpoint does not allow '%s' credentials", c.Kind)
}

// RequireUser is Require for users.
func RequireUser(ctx context.Context) (Credentials, error) { return Require(ctx, KindUser) }

// RequireService is Require for services.
func RequireService(ctx context.Context) (Credentials, error) { return Require(ctx, KindService) }
