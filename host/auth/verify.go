package auth

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/fault"
)

// Verify tells whom a token stands for when it is presented to a plugin. Limited user tokens are refused unless limited
// is true. The error is an AuthenticationError, a NotAllowedError for a token that is restricted to other plugins, or, where the keys
// of user tokens cannot be read for the moment, a ServiceUnavailableError.
func (s *Service) Verify(ctx context.Context, plugin, text string, limited bool) (Credentials, error) {
	v, err := s.judge(ctx, plugin, text)
	if err != nil {
		return Credentials{}, err
	}
	if v.limited && !limited {
		return Credentials{}, fault.Authentication("Illegal limited user token")
	}
	return v.credentials, nil
}

// judge walks the chain, unless it did so for this token before.
func (s *Service) judge(ctx context.Context, plugin, text string) (verdict, error) {
	if len(text) > token.MaxLength {
		return verdict{}, fault.Authentication("Illegal token")
	}
	key := newCacheKey(plugin, text)
	if v, ok := s.verified.find(key, s.now()); ok {
		return v, nil
	}
	p := presented{plugin: plugin, text: text}
	if jwt, err := token.Parse(text); err == nil {
		p.jwt = jwt
	}
	for _, l := range s.chain {
		v, ok, err := l.verify(ctx, s, p)
		if err != nil {
			return verdict{}, err
		}
		if ok {
			if v.lasting {
				s.verified.add(key, v, s.now())
			}
			return v, nil
		}
	}
	return verdict{}, fault.Authentication("Illegal token")
}

// pluginLink takes the tokens with which plugins call each other (core.md 4.4, 4.5). The caller's name, which nothing
// vouches for yet, chooses the keys; hence its pattern, and that it is resolved by discovery alone.
type pluginLink struct{}

var pluginSubject = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (pluginLink) verify(ctx context.Context, s *Service, p presented) (verdict, bool, error) {
	if p.jwt == nil || p.jwt.Class() != token.Plugin {
		return verdict{}, false, nil
	}
	v, err := s.verifyPlugin(ctx, p)
	if err != nil {
		s.log.DebugContext(ctx, "refused a plugin token", "plugin", p.plugin, "err", err)
		if _, ok := errors.AsType[*fault.Error](err); !ok {
			err = fault.Authentication("Failed plugin token verification")
		}
		return verdict{}, false, err
	}
	return v, true, nil
}

func (s *Service) verifyPlugin(ctx context.Context, p presented) (verdict, error) {
	said, err := p.jwt.Unverified()
	if err != nil {
		return verdict{}, err
	}
	if !pluginSubject.MatchString(said.Subject) {
		return verdict{}, fault.Authentication("Invalid plugin token: forbidden subject format")
	}
	// What does not concern this plugin is refused before anybody is asked for keys.
	if !slices.Contains(said.Audience, p.plugin) {
		return verdict{}, errors.New("the audience is another plugin")
	}
	set, err := s.callerKeys(ctx, said.Subject, p.jwt.Header)
	if err != nil {
		return verdict{}, err
	}
	claims, err := p.jwt.Verify(set, s.now())
	if err != nil {
		return verdict{}, err
	}
	v := serviceVerdict(subjectPrefix+claims.Subject, p.text)
	if claims.OnBehalfOf != "" {
		if v, err = s.verifyOnBehalf(ctx, p.plugin, claims); err != nil {
			return verdict{}, err
		}
	}
	if end := claims.ExpiresAt(); v.credentials.ExpiresAt.IsZero() || end.Before(v.credentials.ExpiresAt) {
		v.credentials.ExpiresAt = end
	}
	v.lasting = true
	return v, nil
}

// verifyOnBehalf verifies the user token inside a plugin token. The principal is the user, and the plugin their actor.
func (s *Service) verifyOnBehalf(ctx context.Context, plugin string, claims token.Claims) (verdict, error) {
	inner, err := token.Parse(claims.OnBehalfOf)
	if err != nil {
		return verdict{}, err
	}
	v, ok, err := userLink{}.verify(ctx, s, presented{plugin: plugin, text: claims.OnBehalfOf, jwt: inner})
	if err != nil {
		return verdict{}, err
	}
	if !ok {
		return verdict{}, fault.Authentication("Invalid user token in plugin token payload")
	}
	v.credentials.Actor = subjectPrefix + claims.Subject
	v.limited = false
	return v, nil
}

// callerKeys returns the keys of a calling plugin: from its own store if it lives here, else from its JWKS document.
func (s *Service) callerKeys(ctx context.Context, id string, header token.Header) (keys.Set, error) {
	if local := s.localPlugin(id); local != nil {
		return local.keys.keys(ctx, header, s.now())
	}
	base, err := s.discovery.InternalURL(ctx, id)
	if err != nil {
		return nil, err
	}
	set, err := s.remote.keys(ctx, base+jwksPath, header)
	if errors.Is(err, errNoDocument) {
		return nil, fault.Authentication("Received a plugin token where the source '%s' plugin unexpectedly does not have a "+
			"JWKS endpoint. The target plugin needs to be migrated to be installed in an app using the new backend system.", id)
	}
	return set, err
}

// keysRetry is when to come again with a user token whose keys could not be read.
const keysRetry = 5 * time.Second

// userLink takes user tokens and limited user tokens (core.md 4.5).
type userLink struct{}

func (userLink) verify(ctx context.Context, s *Service, p presented) (verdict, bool, error) {
	if p.jwt == nil || !isUserToken(p.jwt) {
		return verdict{}, false, nil
	}
	claims, err := s.verifyUser(ctx, p.jwt)
	if err != nil {
		s.log.DebugContext(ctx, "refused a user token", "plugin", p.plugin, "err", err)
		if _, ok := errors.AsType[unreachableError](err); ok {
			// Nobody knows yet whether the token is good, so that a 401, by which apps sign their users out, would be wrong.
			err = fault.Unavailable("The keys of user tokens cannot be read now, because the auth backend does not answer").After(keysRetry)
			return verdict{}, false, err
		}
		return verdict{}, false, fault.Authentication("Failed user token verification")
	}
	return verdict{
		credentials: Credentials{
			Principal: Principal{Kind: KindUser, UserRef: claims.Subject},
			ExpiresAt: claims.ExpiresAt(),
			token:     seal(p.text),
		},
		limited: p.jwt.Class() == token.LimitedUser,
		lasting: true,
	}, true, nil
}

// isUserToken tells by the type; and, for tokens of older releases that have another type or none, by the audience.
func isUserToken(t *token.Token) bool {
	switch t.Class() {
	case token.User, token.LimitedUser:
		return true
	case token.Plugin:
		return false
	}
	claims, err := t.Unverified()
	return err == nil && len(claims.Audience) == 1 && claims.Audience[0] == token.UserAudience
}

func (s *Service) verifyUser(ctx context.Context, t *token.Token) (token.Claims, error) {
	set, err := s.keysOfUsers(ctx, t.Header)
	if err != nil {
		return token.Claims{}, err
	}
	return t.Verify(set, s.now())
}

// keysOfUsers returns the keys of user tokens. Where the auth plugin is remote, a failure to reach it is worth a warning: the
// callers see only that it is so.
func (s *Service) keysOfUsers(ctx context.Context, header token.Header) (keys.Set, error) {
	if local := s.localUserKeys(); local != nil {
		return local.keys(ctx, header, s.now())
	}
	base, err := s.discovery.InternalURL(ctx, "auth")
	if err != nil {
		return nil, err
	}
	set, err := s.remote.keys(ctx, base+userJWKSPath, header)
	if err != nil {
		s.log.WarnContext(ctx, "cannot read the keys of user tokens", "url", base+userJWKSPath, "err", err)
	}
	return set, err
}
