package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
)

// presented is a token that a request presents to a plugin.
type presented struct {
	plugin string
	text   string
	// jwt is the token as read, not verified; nil when it is no JSON web token.
	jwt *token.Token
}

// verdict is what a link found out about a token.
type verdict struct {
	credentials Credentials
	// limited marks a limited user token, which ordinary routes refuse.
	limited bool
	// lasting marks a token whose verification cost enough to be remembered.
	lasting bool
}

// link is one step of the chain (core.md 4.5). It returns false, and no error, for tokens that are not its own. An error
// ends the chain.
type link interface {
	verify(ctx context.Context, s *Service, p presented) (verdict, bool, error)
}

// external is a link for callers from outside, with the plugins that they are restricted to.
type external struct {
	link         link
	restrictions map[string]Restrictions // nil means no restrictions
	plugins      []string                // the keys of restrictions, as configured
}

// verify adds the restrictions to what the link found out. A token that is restricted to other plugins is refused.
func (e external) verify(ctx context.Context, s *Service, p presented) (verdict, bool, error) {
	v, ok, err := e.link.verify(ctx, s, p)
	if err != nil || !ok || e.restrictions == nil {
		return v, ok, err
	}
	restriction, allowed := e.restrictions[p.plugin]
	if !allowed {
		return verdict{}, false, fault.NotAllowed("This token's access is restricted to plugin(s) '%s'", strings.Join(e.plugins, "', '"))
	}
	v.credentials.Restrictions = &restriction
	v.credentials.reach = e.restrictions
	return v, true, nil
}

func serviceVerdict(subject, text string) verdict {
	return verdict{credentials: Credentials{Principal: Principal{Kind: KindService, Subject: subject}, token: seal(text)}}
}

// staticLink takes one configured token. It compares digests, whose length says nothing about the token's.
type staticLink struct {
	digest  [sha256.Size]byte
	subject string
}

func newStaticLink(secret config.Secret, subject string) staticLink {
	return staticLink{digest: sha256.Sum256([]byte(secret.Reveal())), subject: subject}
}

func (l staticLink) verify(_ context.Context, _ *Service, p presented) (verdict, bool, error) {
	digest := sha256.Sum256([]byte(p.text))
	if subtle.ConstantTimeCompare(digest[:], l.digest[:]) != 1 {
		return verdict{}, false, nil
	}
	return serviceVerdict(l.subject, p.text), true, nil
}

// legacyLink takes tokens signed with a shared secret, as backends before the present scheme issued them. These are the
// only ones with a symmetric algorithm; the secret is never a published key, so that nobody can take one for the other.
type legacyLink struct {
	secret  config.Secret
	subject string
}

// legacyTokenSubject is the sub of every legacy token.
const legacyTokenSubject = "backstage-server"

func (l legacyLink) verify(_ context.Context, s *Service, p presented) (verdict, bool, error) {
	if p.jwt == nil || p.jwt.Header.Algorithm != "HS256" || p.jwt.Class() != token.Other {
		return verdict{}, false, nil
	}
	claims, err := p.jwt.VerifySecret([]byte(l.secret.Reveal()), s.now())
	switch {
	case err == nil && claims.Subject == legacyTokenSubject && len(claims.Audience) == 0:
	case errors.Is(err, token.ErrExpired):
		// It was signed with this secret, so no other link will want it; Backstage answers 500 here.
		return verdict{}, false, fault.Authentication("Illegal token")
	default:
		return verdict{}, false, nil
	}
	v := serviceVerdict(l.subject, p.text)
	v.credentials.ExpiresAt = claims.ExpiresAt()
	return v, true, nil
}

// jwksLink takes tokens that an issuer outside signed with keys that it publishes.
type jwksLink struct {
	address                        string
	algorithms, issuers, audiences []string
	prefix                         string
}

func (l *jwksLink) verify(ctx context.Context, s *Service, p presented) (verdict, bool, error) {
	if p.jwt == nil || !l.mine(p.jwt) {
		return verdict{}, false, nil
	}
	set, err := s.remote.keys(ctx, l.address, p.jwt.Header)
	if err != nil {
		s.log.WarnContext(ctx, "cannot read the keys of an external access", "url", l.address, "err", err)
		return verdict{}, false, nil
	}
	claims, err := p.jwt.VerifyForeign(set, s.now())
	if err != nil || claims.Subject == "" || !overlaps(l.audiences, claims.Audience) {
		return verdict{}, false, nil //nolint:nilerr // what it cannot verify is not its own (core.md 4.8)
	}
	subject := claims.Subject
	if l.prefix != "" {
		subject = l.prefix + ":" + subject
	}
	v := serviceVerdict("external:"+subject, p.text)
	v.credentials.ExpiresAt = claims.ExpiresAt()
	v.lasting = true
	return v, true, nil
}

// mine tells by what the token says about itself whether asking for the issuer's keys is worth it. It keeps tokens that
// are plainly somebody else's from causing requests to the issuer.
func (l *jwksLink) mine(t *token.Token) bool {
	claims, err := t.Unverified()
	if err != nil {
		return false
	}
	return (len(l.algorithms) == 0 || slices.Contains(l.algorithms, t.Header.Algorithm)) &&
		(len(l.issuers) == 0 || slices.Contains(l.issuers, claims.Issuer)) &&
		overlaps(l.audiences, claims.Audience)
}

// overlaps reports whether one of the wanted values is there; no wanted values want nothing.
func overlaps(wanted, there []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(there, func(v string) bool { return slices.Contains(wanted, v) })
}
