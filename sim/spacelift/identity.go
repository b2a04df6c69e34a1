package spacelift

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
	"time"
)

// errUnauthorized is what Spacelift says to strangers and to those who may not (spacelift.md 5.3).
var errUnauthorized = errors.New("unauthorized")

// identity hands out tokens and knows them again (spacelift.md 8.2).
type identity struct {
	keys   map[string]Key
	secret []byte
	seed   uint64

	mu      sync.Mutex
	issued  uint64
	valid   uint64 // tokens up to this one were revoked
	revoked map[uint64]bool
}

func newIdentity(options Options) *identity {
	seed := binary.BigEndian.AppendUint64(nil, mix(options.Seed, 0x1d))
	secret := sha256.Sum256(seed)
	return &identity{keys: options.keys(), secret: secret[:], seed: options.Seed, revoked: map[uint64]bool{}}
}

// caller is who asks. The zero value is anonymous.
type caller struct {
	key   *Key
	name  string
	token uint64
}

func (c caller) anonymous() bool { return c.key == nil }

// who is the caller as Spacelift names it in triggeredBy, comments and locks.
func (c caller) who() string {
	if c.anonymous() {
		return ""
	}
	return c.name
}

// role in a space is the highest of those in it and in the spaces above.
func (c caller) role(at *space) Role {
	var best Role
	if c.anonymous() {
		return best
	}
	for ; at != nil; at = at.parent {
		if role := c.key.Spaces[at.id]; role.rank() > best.rank() {
			best = role
		}
	}
	return best
}

func (c caller) may(at *space, role Role) bool { return c.role(at).rank() >= role.rank() }

func (c caller) sees(st *stack) bool { return c.may(st.space, Reader) }

// claims are those of spacelift.md 5.2; the order of the fields is the order in the token.
type claims struct {
	Audience  []string `json:"aud"`
	Expires   float64  `json:"exp"`
	Issued    float64  `json:"iat"`
	NotBefore float64  `json:"nbf"`
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	ID        string   `json:"jti"`
	Admin     bool     `json:"adm"`
	Subdomain string   `json:"subdomain"`
	Machine   bool     `json:"IsMachineUser"`
	Number    uint64   `json:"cip"`
}

const tokenHeader = `{"alg":"HS256","typ":"JWT"}`

// issue makes a token; it lives for ttl, or for as long as those of the key do if that is zero.
func (i *identity) issue(key Key, issuer, subject, audience string, now time.Time, ttl time.Duration) (string, int32) {
	if ttl <= 0 {
		ttl = key.TTL
	}
	i.mu.Lock()
	i.issued++
	number := i.issued
	i.mu.Unlock()
	issued := seconds(now)
	c := claims{
		Audience: []string{audience}, Expires: issued + ttl.Seconds(), Issued: issued, NotBefore: issued, Issuer: issuer,
		Subject: subject, ID: id(now, mix(i.seed, 0x70, number)), Admin: key.Spaces[rootSpace] == Admin, Subdomain: "acme",
		Machine: issuer == "api-key", Number: number,
	}
	body, _ := json.Marshal(c) //nolint:errchkjson // numbers and strings
	text := base64.RawURLEncoding.EncodeToString([]byte(tokenHeader)) + "." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(i.sign(text)), int32(math.Floor(c.Expires))
}

func (i *identity) sign(text string) []byte {
	mac := hmac.New(sha256.New, i.secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// caller is who the token belongs to: nobody if it is absent, garbage, expired or revoked.
func (i *identity) caller(token string, now time.Time) caller {
	text, signature, found := cutLast(token, ".")
	if !found {
		return caller{}
	}
	signed, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(signed, i.sign(text)) {
		return caller{}
	}
	_, body, _ := strings.Cut(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(body)
	var c claims
	if err != nil || json.Unmarshal(raw, &c) != nil || seconds(now) >= c.Expires {
		return caller{}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if c.Number <= i.valid || i.revoked[c.Number] {
		return caller{}
	}
	if c.Issuer != "api-key" {
		return caller{key: &oauthKey, name: c.Subject, token: c.Number}
	}
	key, found := i.keys[strings.TrimPrefix(c.Subject, "api::")]
	if !found {
		return caller{}
	}
	return caller{key: &key, name: c.Subject, token: c.Number}
}

// oauthKey stands for the person behind OAuthToken.
var oauthKey = Key{ID: "ada.okafor@acme.example.com", Name: "Ada Okafor", Spaces: map[string]Role{rootSpace: Admin}, TTL: time.Hour}

// revokeAll makes every token so far anonymous.
func (i *identity) revokeAll() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.valid = i.issued
}

func (i *identity) revoke(token uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[token] = true
}

// key is the key with that id and secret. An unknown id is no error, a wrong secret is (spacelift.md 8.2).
func (i *identity) key(id, secret string) (*Key, error) {
	key, found := i.keys[id]
	if !found {
		return nil, nil //nolint:nilnil // Spacelift says null, not an error
	}
	if subtle.ConstantTimeCompare([]byte(key.Secret), []byte(secret)) != 1 {
		return nil, errUnauthorized
	}
	return &key, nil
}

// seconds is a time as a fraction, as in Spacelift's tokens.
func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }

func cutLast(s, separator string) (before, after string, found bool) {
	at := strings.LastIndex(s, separator)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+len(separator):], true
}

// session is what a resolver needs to know of the request.
type session struct {
	caller   caller
	audience string
	metadata string
	faults   *applied
}

type sessionKey struct{}

func sessionOf(ctx context.Context) *session {
	if s, ok := ctx.Value(sessionKey{}).(*session); ok {
		return s
	}
	return &session{faults: &applied{}}
}
