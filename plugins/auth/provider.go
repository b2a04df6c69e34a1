package auth

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
)

// Provider is a way to sign in that a program brings along: it recognises the sender of a request by what the request
// carries, such as a header that only a trusted proxy can set. Its route is /api/auth/<id>/refresh, which Backstage's
// frontend asks as it does for its own providers of the proxy type (core.md 6.1).
type Provider interface {
	// ID is the provider's id, as in auth.providers.<id>: lower-case letters, digits and dashes.
	ID() string
	// SignIn returns whose request it is. An error of kind AuthenticationError or NotAllowedError reaches the browser with
	// its text; any other is an internal one, which only the log has.
	SignIn(r *http.Request) (Identity, error)
}

// Identity is a user as a Provider recognised them.
type Identity struct {
	// UserRef is the user's entity ref. A ref without a namespace is of the default one.
	UserRef string
	// Ownership are the refs through which the user owns things. Without any they are the user, and the groups that the
	// catalog has for them.
	Ownership []string
	// Profile is what the frontend shows of the user.
	Profile Profile
}

// Profile is what a frontend shows of a user; what is empty is left out.
type Profile struct {
	DisplayName string `json:"displayName,omitempty"`
	Email       string `json:"email,omitempty"`
	Picture     string `json:"picture,omitempty"`
}

// Option adds to the plugin.
type Option func(*Plugin)

// WithProvider adds a way to sign in. The plugin's Register refuses two with one id.
func WithProvider(p Provider) Option {
	return func(a *Plugin) { a.providers = append(a.providers, p) }
}

var providerID = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// checkProviders refuses ids that have no route of their own.
func checkProviders(providers []Provider) error {
	seen := []string{guestProvider, "v1"}
	for _, p := range providers {
		id := p.ID()
		if !providerID.MatchString(id) {
			return fmt.Errorf("sign-in provider %q: an id has lower-case letters, digits and dashes", id)
		}
		if slices.Contains(seen, id) {
			return fmt.Errorf("sign-in provider %q: the id is taken", id)
		}
		seen = append(seen, id)
	}
	return nil
}

// signer is one way to sign in, as the routes know it.
type signer struct {
	id string
	// identify returns who signs in, with as much of the identity as is known even where it fails.
	identify func(r *http.Request) (identity, error)
}

// signers are all ways to sign in.
func (p *Plugin) signers(env *host.Env) []signer {
	var all []signer
	if p.guest != nil {
		all = append(all, signer{guestProvider, func(r *http.Request) (identity, error) { return p.guest.identify(r.Context()) }})
	}
	for _, provider := range p.providers {
		all = append(all, signer{provider.ID(), func(r *http.Request) (identity, error) {
			return recognise(r, provider, env.Catalog)
		}})
	}
	return all
}

// recognise asks a provider, and the catalog for the user's groups.
func recognise(r *http.Request, provider Provider, catalog host.CatalogReader) (identity, error) {
	found, err := provider.SignIn(r)
	if err != nil {
		return identity{}, err
	}
	ref, err := entity.ParseRef(found.UserRef, entity.RefDefaults{Kind: "user"})
	if err != nil || !strings.EqualFold(ref.Kind, "user") {
		return identity{}, fmt.Errorf("the sign-in provider %s returned %q, which is no ref of a user", provider.ID(), found.UserRef)
	}
	who := identity{userRef: ref.String(), ownership: found.Ownership, profile: found.Profile}
	if len(who.ownership) > 0 {
		return who, nil
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), lookupTimeout, errSlowCatalog)
	defer cancel()
	e, ok, err := catalog.ByRef(ctx, auth.PluginCredentials(pluginID), who.userRef)
	switch {
	case err != nil && r.Context().Err() != nil:
		return who, context.Cause(r.Context())
	case err != nil:
		return who, fault.Unavailable("the groups of %s cannot be read from the catalog", who.userRef)
	case !ok:
		who.ownership = []string{who.userRef}
	default:
		who.ownership = ownership(e)
	}
	return who, nil
}

// knownProviders are the ids below auth.providers that somebody can sign in with.
func (p *Plugin) knownProviders() []string {
	known := []string{guestProvider}
	for _, provider := range p.providers {
		known = append(known, provider.ID())
	}
	return known
}

// load reads the section auth, knowing the providers that the program brings along.
func (p *Plugin) load(c *config.Config) (settings, config.Problems) {
	return loadSettings(c, p.knownProviders())
}
