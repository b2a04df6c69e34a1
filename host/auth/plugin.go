package auth

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/keystore"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// Where every plugin has its keys and its cookie (core.md 4.6 and 5), and where the auth plugin has the keys of user
// tokens and what users own (6.1).
const (
	jwksPath     = "/.backstage/auth/v1/jwks.json"
	cookiePath   = "/.backstage/auth/v1/cookie"
	userJWKSPath = "/.well-known/jwks.json"
	userInfoPath = "/v1/userinfo"
)

// The times of plugin tokens and their keys (core.md 4.4 and 4.7).
const (
	tokenLifetime = time.Hour
	keyRotation   = time.Hour
	keyPublished  = 3 * time.Hour
)

// OpenFunc opens a plugin's database.
type OpenFunc func(ctx context.Context) (*database.Database, error)

// mounted is one plugin of this process.
type mounted struct {
	service *Service
	id      string
	source  keys.Source
	keys    *storedKeys // of source
}

// MountBeside is Mount for a further mount point of a plugin that is mounted already: tokens for it have its own id as their
// audience, and the keys are the plugin's.
func (s *Service) MountBeside(routes *router.Routes, id, owner string) error {
	of := s.localPlugin(owner)
	if of == nil {
		return fmt.Errorf("mount auth routes: %q is to be beside %q, which is not mounted", id, owner)
	}
	return s.mount(routes, &mounted{service: s, id: id, source: of.source, keys: of.keys})
}

// Mount adds to a plugin's routes what every plugin has: the JWKS document and the cookie endpoint. It also lets the
// plugin sign (IssueToken). The database is opened when the keys are first asked for.
func (s *Service) Mount(routes *router.Routes, id string, open OpenFunc) error {
	m := &mounted{service: s, id: id, source: s.settings.staticKeys}
	if m.source == nil {
		m.source = keys.NewRing(keys.RingOptions{
			Store:  newLazyStore(open),
			Rotate: keyRotation, Keep: s.publish, Now: s.now,
		})
	}
	m.keys = &storedKeys{read: func(ctx context.Context) (keys.Set, error) { return m.source.Keys(ctx) }}
	return s.mount(routes, m)
}

func (s *Service) mount(routes *router.Routes, m *mounted) error {
	s.mu.Lock()
	_, twice := s.plugins[m.id]
	s.plugins[m.id] = m
	s.mu.Unlock()
	if twice {
		return fmt.Errorf("mount auth routes: plugin %q is mounted twice", m.id)
	}
	routes.HandlePublic("GET "+jwksPath, m.serveKeys)
	routes.Handle("GET "+cookiePath, m.issueCookie)
	routes.Handle("DELETE "+cookiePath, m.deleteCookie)
	return nil
}

// KeyIDs are the kids of the keys that a plugin of this process publishes. There are none before its first token.
func (s *Service) KeyIDs(ctx context.Context, plugin string) ([]string, error) {
	m := s.localPlugin(plugin)
	if m == nil {
		return nil, fmt.Errorf("list keys: plugin %q is not hosted here", plugin)
	}
	set, err := m.source.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	ids := make([]string, len(set))
	for i, key := range set {
		ids[i] = key.ID
	}
	return ids, nil
}

func (m *mounted) serveKeys(w http.ResponseWriter, r *http.Request) error {
	set, err := m.source.Keys(r.Context())
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, set)
}

// IssueToken returns a token with which the plugin from, which this process hosts, calls the plugin to, for whoever the
// credentials stand for (core.md 4.4). For a user the receiver sees the user, with the calling plugin as the actor. The
// result is empty where the default policy is disabled and there are no credentials.
func (s *Service) IssueToken(ctx context.Context, from string, onBehalfOf Credentials, to string) (string, error) {
	caller := s.localPlugin(from)
	if caller == nil {
		return "", fmt.Errorf("issue plugin token: plugin %q is not hosted here", from)
	}
	now := s.now()
	claims := token.PluginClaims{Subject: from, Audience: to, IssuedAt: now, Expires: now.Add(tokenLifetime)}
	switch onBehalfOf.Kind {
	case KindService:
		if _, err := onBehalfOf.Delegate(to); err != nil {
			return "", err
		}
	case KindUser:
		limited, expires, err := LimitedToken(onBehalfOf)
		if err != nil {
			return "", err
		}
		claims.OnBehalfOf = limited
		if expires.Before(claims.Expires) {
			claims.Expires = expires
		}
	default:
		if s.settings.openByDefault {
			return "", nil
		}
		return "", fault.Authentication("Refused to issue service token for credential type '%s'", KindNone)
	}
	signer, err := caller.source.Signer(ctx)
	if err != nil {
		return "", fmt.Errorf("issue plugin token: %w", err)
	}
	return token.SignPlugin(signer, claims)
}

// LimitedToken derives the limited token of a user's credentials (core.md 4.3), and tells when it ends.
func LimitedToken(c Credentials) (string, time.Time, error) {
	if !c.IsUser() || c.token == nil {
		return "", time.Time{}, fault.Authentication("User credentials is unexpectedly missing token")
	}
	t, err := token.Parse(c.Token())
	if err != nil {
		return "", time.Time{}, fault.Authentication("Failed user token verification")
	}
	limited, err := token.Limited(t)
	if err != nil {
		return "", time.Time{}, fault.Authentication("Failed to derive a limited user token")
	}
	return limited, c.ExpiresAt, nil
}

// lazyStore opens the plugin's database when a key is first stored or listed: most plugins sign nothing, and a
// database that cannot be reached at start must not keep others from verifying.
type lazyStore struct {
	open OpenFunc

	opening *semaphore.Weighted // guards store; held while opening, and waited for no longer than a context lasts
	store   keys.Store
}

func newLazyStore(open OpenFunc) *lazyStore {
	return &lazyStore{open: open, opening: semaphore.NewWeighted(1)}
}

func (l *lazyStore) opened(ctx context.Context) (keys.Store, error) {
	if err := l.opening.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("wait for the key store: %w", err)
	}
	defer l.opening.Release(1)
	if l.store != nil {
		return l.store, nil
	}
	db, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	store, err := keystore.Open(ctx, db, keystore.Service)
	if err != nil {
		return nil, err
	}
	l.store = store
	return store, nil
}

// Add stores the key.
func (l *lazyStore) Add(ctx context.Context, key keys.Public, expires time.Time) error {
	store, err := l.opened(ctx)
	if err != nil {
		return err
	}
	return store.Add(ctx, key, expires)
}

// List returns the keys that have not expired.
func (l *lazyStore) List(ctx context.Context, now time.Time) (keys.Set, error) {
	store, err := l.opened(ctx)
	if err != nil {
		return nil, err
	}
	return store.List(ctx, now)
}
