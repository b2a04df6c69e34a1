package auth

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

// lookupTimeout bounds how long a sign-in waits for the catalog.
const lookupTimeout = 5 * time.Second

// guest signs anybody in as one configured user (core.md 6.5).
type guest struct {
	settings    guestSettings
	development bool
	catalog     host.CatalogReader // may be nil
	log         *slog.Logger
}

// allowed returns the error with which the provider refuses to work outside of development.
func (g *guest) allowed() error {
	if g.development || g.settings.allowOutside {
		return nil
	}
	return fault.NotAllowed("The guest provider cannot be used outside of a development environment unless " +
		"'auth.providers.guest.dangerouslyAllowOutsideDevelopment' is enabled")
}

// identify returns the configured user: with the groups that the catalog has for them, or as configured if it does not
// know them or cannot tell.
func (g *guest) identify(ctx context.Context) (identity, error) {
	if err := g.allowed(); err != nil {
		return identity{userRef: g.settings.userRef}, err
	}
	e, found, err := g.lookup(ctx)
	switch {
	case ctx.Err() != nil:
		return identity{}, context.Cause(ctx)
	case err == nil && found:
		return identity{userRef: e.Ref().String(), ownership: ownership(e)}, nil
	case err != nil:
		g.log.WarnContext(ctx, "cannot look the guest up in the catalog, signing in without it", "user", g.settings.userRef, "err", err)
	}
	return identity{userRef: g.settings.userRef, ownership: g.settings.ownership}, nil
}

func (g *guest) lookup(ctx context.Context) (entity.Entity, bool, error) {
	if g.catalog == nil {
		return entity.Entity{}, false, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lookupTimeout, errSlowCatalog)
	defer cancel()
	return g.catalog.ByRef(ctx, auth.PluginCredentials(pluginID), g.settings.userRef)
}

// ownership is the user themselves, and the groups that they are a member of (core.md 6.4).
func ownership(e entity.Entity) []string {
	refs := []string{e.Ref().String()}
	for _, relation := range e.Relations() {
		if relation.Type == "memberOf" && strings.HasPrefix(relation.Target, "group:") && !slices.Contains(refs, relation.Target) {
			refs = append(refs, relation.Target)
		}
	}
	return refs
}
