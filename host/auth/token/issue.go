package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
)

// wireHeader and the payloads below have their members in the order in which Backstage writes them; for the limited
// token that order is part of the proof (core.md 4.3).
type wireHeader struct {
	Type      string `json:"typ"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid,omitempty"`
}

type limitedPayload struct {
	Subject  string      `json:"sub"`
	IssuedAt json.Number `json:"iat"`
	Expires  json.Number `json:"exp"`
}

type userPayload struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Ownership []string `json:"ent,omitempty"`
	Audience  string   `json:"aud"`
	IssuedAt  int64    `json:"iat"`
	Expires   int64    `json:"exp"`
	Proof     string   `json:"uip"`
}

// UserClaims say what a user token is to hold.
type UserClaims struct {
	// Issuer is the external base URL of the auth plugin.
	Issuer string
	// Subject is the user's entity ref.
	Subject string
	// Ownership goes into the token as ent; nil leaves it out.
	Ownership []string
	// IssuedAt and Expires count in whole seconds.
	IssuedAt, Expires time.Time
}

// SignUser issues a user token (core.md 4.2). It fails if the token would be longer than MaxLength.
func SignUser(signer *keys.Signer, c UserClaims) (string, error) {
	public := signer.Public()
	iat, exp := c.IssuedAt.Unix(), c.Expires.Unix()
	input, err := limitedInput(public.Algorithm, public.ID, c.Subject, float64(iat), float64(exp))
	if err != nil {
		return "", err
	}
	proof, err := signer.Sign([]byte(input))
	if err != nil {
		return "", err
	}
	header, err := marshal(wireHeader{Type: string(User), Algorithm: public.Algorithm, KeyID: public.ID})
	if err != nil {
		return "", err
	}
	payload, err := marshal(userPayload{
		Issuer: c.Issuer, Subject: c.Subject, Ownership: c.Ownership, Audience: UserAudience,
		IssuedAt: iat, Expires: exp, Proof: encode(proof),
	})
	if err != nil {
		return "", err
	}
	text, err := sign(signer, header, payload)
	if err != nil {
		return "", err
	}
	if len(text) > MaxLength {
		return "", fmt.Errorf("user token for %q would be longer than %d characters", c.Subject, MaxLength)
	}
	return text, nil
}

// PluginClaims say what a plugin token is to hold (core.md 4.4).
type PluginClaims struct {
	// Subject and Audience are the ids of the calling and the called plugin.
	Subject, Audience string
	// IssuedAt and Expires count in whole seconds.
	IssuedAt, Expires time.Time
	// OnBehalfOf is a limited user token; empty leaves it out.
	OnBehalfOf string
}

type pluginPayload struct {
	Subject    string `json:"sub"`
	Audience   string `json:"aud"`
	IssuedAt   int64  `json:"iat"`
	Expires    int64  `json:"exp"`
	OnBehalfOf string `json:"obo,omitempty"`
}

// SignPlugin issues a plugin token.
func SignPlugin(signer *keys.Signer, c PluginClaims) (string, error) {
	public := signer.Public()
	header, err := marshal(wireHeader{Type: string(Plugin), Algorithm: public.Algorithm, KeyID: public.ID})
	if err != nil {
		return "", err
	}
	payload, err := marshal(pluginPayload{
		Subject: c.Subject, Audience: c.Audience,
		IssuedAt: c.IssuedAt.Unix(), Expires: c.Expires.Unix(), OnBehalfOf: c.OnBehalfOf,
	})
	if err != nil {
		return "", err
	}
	return sign(signer, header, payload)
}

// ErrNoProof is returned by Limited for a user token without the uip claim.
var ErrNoProof = errors.New("user token has no identity proof")

// Limited derives the limited token from a user token, for which no key is needed (core.md 4.3). A limited token, and
// one of older releases without a type, is returned as it is.
func Limited(t *Token) (string, error) {
	if t.Class() == LimitedUser || t.Header.Type == "" {
		return t.text, nil
	}
	claims, err := t.Unverified()
	if err != nil {
		return "", err
	}
	if claims.Proof == "" {
		return "", ErrNoProof
	}
	input, err := limitedInput(t.Header.Algorithm, t.Header.KeyID, claims.Subject, claims.IssuedAt, claims.Expires)
	if err != nil {
		return "", err
	}
	return input + "." + claims.Proof, nil
}

// limitedInput is the part of a limited token that its proof signs.
func limitedInput(algorithm, keyID, subject string, iat, exp float64) (string, error) {
	header, err := marshal(wireHeader{Type: string(LimitedUser), Algorithm: algorithm, KeyID: keyID})
	if err != nil {
		return "", err
	}
	from, err := number(iat)
	if err != nil {
		return "", err
	}
	until, err := number(exp)
	if err != nil {
		return "", err
	}
	payload, err := marshal(limitedPayload{Subject: subject, IssuedAt: from, Expires: until})
	if err != nil {
		return "", err
	}
	return encode(header) + "." + encode(payload), nil
}

// number writes seconds as JavaScript does; whole ones have no fraction and no exponent.
func number(f float64) (json.Number, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", fmt.Errorf("%w: iat or exp", ErrClaim)
	}
	text, err := json.Marshal(f)
	return json.Number(text), err
}

// marshal is JSON.stringify: nothing is escaped that JSON does not ask for. Go's encoder always escapes U+2028 and
// U+2029, which JavaScript leaves alone.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return unescapeSeparators(bytes.TrimRight(out.Bytes(), "\n")), nil
}

// unescapeSeparators puts U+2028 and U+2029 back where the encoder wrote their escapes, but not where the text itself
// has a backslash before "u2028".
func unescapeSeparators(data []byte) []byte {
	if !bytes.Contains(data, []byte(`\u202`)) {
		return data
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' || i+1 >= len(data) {
			out = append(out, data[i])
			continue
		}
		rest := data[i:]
		switch {
		case bytes.HasPrefix(rest, []byte(`\u2028`)):
			out = append(out, "\u2028"...)
			i += 5
		case bytes.HasPrefix(rest, []byte(`\u2029`)):
			out = append(out, "\u2029"...)
			i += 5
		default: // an escape of two bytes, or the start of \uXXXX: keep the pair together
			out = append(out, rest[0], rest[1])
			i++
		}
	}
	return out
}
