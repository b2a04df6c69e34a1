package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/understudy-portal/understudy/host/auth/keys"
)

// Claims are the members of a token's payload that Backstage knows.
type Claims struct {
	Issuer   string
	Subject  string
	Audience []string
	// IssuedAt and Expires are in seconds since 1970; NaN when absent.
	IssuedAt, Expires, NotBefore float64
	// Ownership is the ent claim; nil when absent.
	Ownership []string
	// Proof is the uip claim: the signature of the limited token.
	Proof string
	// OnBehalfOf is the obo claim of a plugin token: a limited user token.
	OnBehalfOf string
}

// The reasons why a token is not believed.
var (
	ErrSignature = errors.New("signature verification failed")
	ErrExpired   = errors.New("token has expired")
	ErrKey       = errors.New("no applicable key found in the JSON Web Key Set")
	ErrAmbiguous = errors.New("multiple matching keys found in the JSON Web Key Set")
	ErrClaim     = errors.New("claim missing or of the wrong type")
	ErrEarly     = errors.New("token is not valid yet")
)

// Verify returns the claims if one of the keys signed the token, and it is within its times at now, without leeway. It
// wants iat, exp and sub.
func (t *Token) Verify(set keys.Set, now time.Time) (Claims, error) {
	if err := t.verifySignature(set); err != nil {
		return Claims{}, err
	}
	claims, err := parseClaims(t.payload)
	if err != nil {
		return Claims{}, err
	}
	return claims, claims.check(now)
}

// VerifyForeign is Verify for tokens of other issuers, which need not have any of the claims: times are checked if they
// are there.
func (t *Token) VerifyForeign(set keys.Set, now time.Time) (Claims, error) {
	if err := t.verifySignature(set); err != nil {
		return Claims{}, err
	}
	return t.foreignClaims(now)
}

// VerifySecret is VerifyForeign for a token signed with HS256 and a shared secret.
func (t *Token) VerifySecret(secret []byte, now time.Time) (Claims, error) {
	if t.Header.Algorithm != "HS256" || len(secret) == 0 {
		return Claims{}, ErrSignature
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t.signed))
	if !hmac.Equal(mac.Sum(nil), t.signature) {
		return Claims{}, ErrSignature
	}
	return t.foreignClaims(now)
}

func (t *Token) foreignClaims(now time.Time) (Claims, error) {
	claims, err := parseClaims(t.payload)
	if err != nil {
		return Claims{}, err
	}
	return claims, claims.checkTimes(now)
}

func (t *Token) verifySignature(set keys.Set) error {
	algorithm := t.Header.Algorithm
	found := set.Find(t.Header.KeyID, algorithm)
	switch {
	case len(found) == 0:
		return ErrKey
	case len(found) > 1:
		return ErrAmbiguous
	}
	// The list has only the one algorithm that the key fits, none of which is symmetric.
	jws, err := jose.ParseSignedCompact(t.text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, errMalformed)
	}
	if _, err := jws.Verify(found[0].Key); err != nil {
		return ErrSignature
	}
	return nil
}

// check holds the claims against the clock, to the second, as Backstage does: a token ends at exp.
func (c Claims) check(now time.Time) error {
	switch {
	case c.Subject == "":
		return fmt.Errorf("%w: sub", ErrClaim)
	case math.IsNaN(c.IssuedAt):
		return fmt.Errorf("%w: iat", ErrClaim)
	case math.IsNaN(c.Expires):
		return fmt.Errorf("%w: exp", ErrClaim)
	}
	return c.checkTimes(now)
}

// checkTimes checks the times that are there; a comparison with NaN, which stands for an absent one, is false.
func (c Claims) checkTimes(now time.Time) error {
	seconds := float64(now.Unix())
	switch {
	case c.Expires <= seconds:
		return ErrExpired
	case c.NotBefore > seconds:
		return ErrEarly
	}
	return nil
}

// ExpiresAt is exp as a time.
func (c Claims) ExpiresAt() time.Time {
	if math.IsNaN(c.Expires) || c.Expires < 0 || c.Expires > maxSeconds {
		return time.Time{}
	}
	return time.UnixMilli(int64(c.Expires * 1000))
}

// maxSeconds is the end of the year 9999, after which times cannot be written.
const maxSeconds = 253402300799

func parseClaims(payload []byte) (Claims, error) {
	members, err := object(payload)
	if err != nil {
		return Claims{}, err
	}
	c := Claims{}
	for name, dst := range map[string]*string{"iss": &c.Issuer, "sub": &c.Subject, "uip": &c.Proof, "obo": &c.OnBehalfOf} {
		if err := readMember(members, name, dst); err != nil {
			return Claims{}, err
		}
	}
	for name, dst := range map[string]*float64{"iat": &c.IssuedAt, "exp": &c.Expires, "nbf": &c.NotBefore} {
		*dst = math.NaN()
		if err := readMember(members, name, dst); err != nil {
			return Claims{}, err
		}
	}
	if c.Expires > maxSeconds {
		return Claims{}, fmt.Errorf("%w: exp", ErrClaim)
	}
	if err := readMember(members, "ent", &c.Ownership); err != nil {
		return Claims{}, err
	}
	var one string
	if raw, ok := members["aud"]; ok && json.Unmarshal(raw, &one) == nil {
		c.Audience = []string{one}
		return c, nil
	}
	return c, readMember(members, "aud", &c.Audience)
}

// readMember decodes a member if it is there. Null is no value of any claim.
func readMember[T any](members map[string]json.RawMessage, name string, dst *T) error {
	raw, ok := members[name]
	if !ok {
		return nil
	}
	if string(raw) == "null" || json.Unmarshal(raw, dst) != nil {
		return fmt.Errorf("%w: %s", ErrClaim, name)
	}
	return nil
}
