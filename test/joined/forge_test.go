package joined_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"
)

// forger signs whatever it is given, with a key that a plugin publishes.
type forger struct {
	kid string
	key *ecdsa.PrivateKey
}

func newForger(t *testing.T) *forger {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &forger{kid: "forger-" + strings.ToLower(rand.Text()[:8]), key: key}
}

// mallory returns a forger whose key Node publishes as one of its plugin mallory: it may say what that plugin may.
func (b *bench) mallory(t *testing.T) *forger {
	t.Helper()
	f := newForger(t)
	b.publish(t, f, "mallory", `INSERT INTO backstage_backend_public_keys__keys (id, key, expires_at) VALUES ($1, $2, $3)`,
		f.kid, f.public(t), time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"))
	return f
}

// issuer returns a forger whose key Node publishes as one of user tokens.
func (b *bench) issuer(t *testing.T) *forger {
	t.Helper()
	f := newForger(t)
	b.publish(t, f, "auth", `INSERT INTO signing_keys (kid, key) VALUES ($1, $2)`, f.kid, f.public(t))
	return f
}

func (b *bench) publish(t *testing.T, f *forger, plugin, statement string, values ...any) {
	t.Helper()
	conn := b.connect(t, plugin)
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), statement, values...); err != nil {
		t.Fatalf("publish a key of %s: %v", plugin, err)
	}
	path := map[string]string{"auth": "/api/auth/.well-known/jwks.json"}[plugin]
	if path == "" {
		path = "/api/" + plugin + "/.backstage/auth/v1/jwks.json"
	}
	answer := ask(t, http.MethodGet, b.theirs(path), "", nil)
	if !strings.Contains(string(answer.Body), f.kid) {
		t.Fatalf("%s does not publish the key: %s", plugin, answer)
	}
}

// public is the key as a JWK.
func (f *forger) public(t *testing.T) string {
	t.Helper()
	point, err := f.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return text(t, map[string]any{
		"kty": "EC", "crv": "P-256", "kid": f.kid, "alg": "ES256", "use": "sig", "x": encode(point[1:33]), "y": encode(point[33:]),
	})
}

// sign makes a token of ES256, whatever the header says of it.
func (f *forger) sign(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	body := f.body(t, header, claims)
	digest := sha256.Sum256([]byte(body))
	r, s, err := ecdsa.Sign(rand.Reader, f.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return body + "." + encode(signature)
}

// hash makes a token of HS256, with the public key as the secret: in the forms in which a careless verifier may hold it.
func (f *forger) hash(t *testing.T, header, claims map[string]any, secret []byte) string {
	t.Helper()
	body := f.body(t, with(header, map[string]any{"alg": "HS256"}), claims)
	sum := hmac.New(crypto.SHA256.New, secret)
	_, _ = sum.Write([]byte(body))
	return body + "." + encode(sum.Sum(nil))
}

// pem is the public key in the form that most programs read.
func (f *forger) pem(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&f.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func (f *forger) body(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	header = with(map[string]any{"alg": "ES256", "kid": f.kid}, header)
	return encode([]byte(text(t, header))) + "." + encode([]byte(text(t, claims)))
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// altered changes a claim of a signed token and leaves the signature as it was.
func altered(t *testing.T, token, claim string, value any) string {
	t.Helper()
	parts := strings.Split(token, ".")
	claims := claimsOf(t, token)
	claims[claim] = value
	return parts[0] + "." + encode([]byte(text(t, claims))) + "." + parts[2]
}

// retyped changes the type in a signed token's header.
func retyped(t *testing.T, token, class string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	header := part(t, parts[0])
	header["typ"] = class
	return encode([]byte(text(t, header))) + "." + parts[1] + "." + parts[2]
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	return part(t, strings.Split(token, ".")[1])
}

func part(t *testing.T, encoded string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	decode(t, string(raw), &m)
	return m
}
