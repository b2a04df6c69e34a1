package auth

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// UserTokens is the auth plugin as this package needs it. Where this process does not host that plugin, both are read
// from it over HTTP.
type UserTokens interface {
	// Keys returns the public keys of user tokens.
	Keys(ctx context.Context) (keys.Set, error)
	// UserInfo returns what the user owned when they last signed in; false when they never did.
	UserInfo(ctx context.Context, userRef string) (ownership []string, found bool, err error)
}

// Options are what a Service needs.
type Options struct {
	// Config is the whole configuration; backend.auth is read.
	Config *config.Config
	// Discovery tells where the signing plugins live.
	Discovery *discovery.Service
	// Log takes what an operator should know; tokens are never in it. Nil discards it.
	Log *slog.Logger
	// Metrics takes the collectors; nil leaves them unregistered.
	Metrics prometheus.Registerer
	// Audit records the deletion of cookies; nil records nothing.
	Audit *telemetry.Auditor
	// Publish is for how long the keys of plugin tokens are published; zero means as long as upstream's, three hours. It is
	// for processes that end soon, whose keys would only pile up.
	Publish time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service tells who calls, for all plugins of the process. It is safe for concurrent use once every plugin is mounted.
type Service struct {
	settings  settings
	discovery *discovery.Service
	log       *slog.Logger
	audit     *telemetry.Auditor
	now       func() time.Time
	metrics   *metrics
	publish   time.Duration

	chain    []link
	remote   *remoteKeys
	verified *verdictCache
	owners   *ownerCache
	client   *http.Client

	mu         sync.RWMutex // guards the fields below
	userTokens UserTokens
	userKeys   *storedKeys // of userTokens
	plugins    map[string]*mounted
}

// New reads backend.auth. The error is config.Problems with everything that is wrong there.
func New(o Options) (*Service, error) {
	set, err := loadSettings(o.Config)
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		settings: set, discovery: o.Discovery, log: o.Log, audit: o.Audit, now: o.Now,
		metrics: newMetrics(o.Metrics), publish: cmp.Or(o.Publish, keyPublished),
		client:  newClient(),
		plugins: map[string]*mounted{},
	}
	s.remote = newRemoteKeys(s.client, s.now, s.metrics)
	if s.verified, err = newVerdictCache(); err != nil {
		return nil, err
	}
	if s.owners, err = newOwnerCache(); err != nil {
		return nil, err
	}
	s.chain = []link{pluginLink{}, userLink{}}
	for _, e := range set.external {
		s.chain = append(s.chain, e)
	}
	if set.openByDefault {
		s.log.Warn("the default auth policy is disabled: every plugin route is open to anybody",
			"key", "backend.auth.dangerouslyDisableDefaultAuthPolicy")
	}
	return s, nil
}

// SetUserTokens names the auth plugin of this process. Without it, keys and user info are read through discovery. It is
// called before anything is served.
func (s *Service) SetUserTokens(u UserTokens) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.userTokens, s.userKeys = u, nil
	if u != nil {
		s.userKeys = &storedKeys{read: u.Keys}
	}
}

func (s *Service) localUserTokens() UserTokens {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.userTokens
}

func (s *Service) localUserKeys() *storedKeys {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.userKeys
}

func (s *Service) localPlugin(id string) *mounted {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.plugins[id]
}

// Authenticate is the gate before a plugin's routes (core.md 5). The request it returns carries the caller's
// credentials. On open paths nothing is verified until somebody asks (Look).
func (s *Service) Authenticate(r *http.Request, plugin string, level router.Level) (*http.Request, error) {
	if level == router.Open {
		return s.postpone(r, plugin), nil
	}
	c, err := s.identify(r, plugin, level == router.Cookie)
	if err == nil && c.IsNone() && !s.settings.openByDefault {
		err = fault.Authentication("Missing credentials")
	}
	s.metrics.count(plugin, c, err)
	if err != nil {
		return nil, err
	}
	return r.WithContext(WithCredentials(r.Context(), c)), nil
}

// postpone leaves the means to verify the caller in the context. It is verified at most once.
func (s *Service) postpone(r *http.Request, plugin string) *http.Request {
	look := sync.OnceValues(func() (Credentials, error) {
		c, err := s.identify(r, plugin, false)
		s.metrics.count(plugin, c, err)
		return c, err
	})
	carried := carried{look: func(context.Context) (Credentials, error) { return look() }}
	return r.WithContext(context.WithValue(r.Context(), contextKey{}, carried))
}

// verifyTimeout bounds the reading of keys, in a store or from a peer, so that a stalled one costs an answer, not a
// connection for as long as it stalls.
const verifyTimeout = 10 * time.Second

// identify finds the caller's token and verifies it. Without one the credentials are none. A cookie counts only where
// limited access is allowed, and only if there is no bearer token.
func (s *Service) identify(r *http.Request, plugin string, limited bool) (Credentials, error) {
	text := Bearer(r)
	if text == "" && limited {
		text = cookieToken(r)
	}
	if text == "" {
		return Credentials{Principal: Principal{Kind: KindNone}}, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), verifyTimeout)
	defer cancel()
	c, err := s.Verify(ctx, plugin, text, limited)
	if err != nil && ctx.Err() != nil && r.Context().Err() == nil {
		s.log.WarnContext(r.Context(), "a caller could not be verified in time", "plugin", plugin, "err", err)
		return c, fault.Unavailable("The caller could not be verified within %s", verifyTimeout)
	}
	return c, err
}

var _ router.Gate = (*Service)(nil)
