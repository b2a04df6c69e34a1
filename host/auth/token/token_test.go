package token_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
)

var noon = time.Unix(1_795_320_000, 0)

func generate(t testing.TB, algorithm string) *keys.Signer {
	t.Helper()
	signer, err := keys.Generate(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func userToken(t testing.TB, signer *keys.Signer, c token.UserClaims) string {
	t.Helper()
	if c.Subject == "" {
		c.Subject = "user:default/jane"
	}
	if c.IssuedAt.IsZero() {
		c.IssuedAt, c.Expires = noon, noon.Add(time.Hour)
	}
	text, err := token.SignUser(signer, c)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t testing.TB, text string) *token.Token {
	t.Helper()
	parsed, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// raw builds a token from a header and a payload as text, with a signature of the signer's.
func raw(t testing.TB, signer *keys.Signer, header, payload string) string {
	t.Helper()
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := signer.Sign([]byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func header(signer *keys.Signer, typ string) string {
	return fmt.Sprintf(`{"typ":%q,"alg":%q,"kid":%q}`, typ, signer.Public().Algorithm, signer.Public().ID)
}

func TestUserTokenOfEveryAlgorithm(t *testing.T) {
	t.Parallel()
	for _, algorithm := range keys.Algorithms() {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			signer := generate(t, algorithm)
			set := keys.Set{signer.Public()}
			text := userToken(t, signer, token.UserClaims{Issuer: "https://bs/api/auth", Ownership: []string{"user:default/jane", "group:default/a"}})
			user := parse(t, text)
			if user.Class() != token.User {
				t.Errorf("class %q", user.Class())
			}
			claims, err := user.Verify(set, noon)
			if err != nil {
				t.Fatal(err)
			}
			if claims.Subject != "user:default/jane" || claims.Issuer != "https://bs/api/auth" || len(claims.Ownership) != 2 ||
				len(claims.Audience) != 1 || claims.Audience[0] != "backstage" || !claims.ExpiresAt().Equal(noon.Add(time.Hour)) {
				t.Errorf("claims %+v", claims)
			}
			limited, err := token.Limited(user)
			if err != nil {
				t.Fatal(err)
			}
			if claims, err = parse(t, limited).Verify(set, noon); err != nil || claims.Subject != "user:default/jane" {
				t.Errorf("limited: %+v, %v", claims, err)
			}
		})
	}
}

// TestWireOrder holds the order of members in what we issue against Backstage's (core.md 4.1).
func TestWireOrder(t *testing.T) {
	t.Parallel()
	signer := generate(t, "ES256")
	parts := strings.Split(userToken(t, signer, token.UserClaims{Issuer: "i", Ownership: []string{"a"}}), ".")
	var got [2]string
	for i := range got {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		got[i] = string(data)
	}
	if want := header(signer, "vnd.backstage.user"); got[0] != want {
		t.Errorf("header %s, want %s", got[0], want)
	}
	want := `{"iss":"i","sub":"user:default/jane","ent":["a"],"aud":"backstage","iat":1795320000,"exp":1795323600,"uip":"`
	if !strings.HasPrefix(got[1], want) {
		t.Errorf("payload %s, want %s…", got[1], want)
	}
}

// TestProofOfARecordedToken derives the limited token of a token that Node issued, and verifies it with the key that
// Node published: the bytes must be Node's.
func TestProofOfARecordedToken(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../test/golden/auth.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []struct {
		Name     string
		Response struct {
			Body    json.RawMessage
			Decoded struct{ Header, Payload json.RawMessage }
		}
	}
	if err := json.Unmarshal(data, &pairs); err != nil {
		t.Fatal(err)
	}
	var set keys.Set
	var text string
	for _, pair := range pairs {
		switch pair.Name {
		case "guest refresh":
			d := pair.Response.Decoded
			text = base64.RawURLEncoding.EncodeToString(d.Header) + "." + base64.RawURLEncoding.EncodeToString(d.Payload) + ".AAAA"
		case "jwks":
			if set, err = keys.ParseSet(pair.Response.Body); err != nil {
				t.Fatal(err)
			}
		}
	}
	user := parse(t, text)
	limited, err := token.Limited(user)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := parse(t, limited).Verify(set, time.Unix(1795317511, 0))
	if err != nil || claims.Subject != "user:development/guest" {
		t.Errorf("limited token of Node's user token: %+v, %v", claims, err)
	}
	if _, err := user.Verify(set, time.Unix(1795317511, 0)); !errors.Is(err, token.ErrSignature) {
		t.Errorf("the user token itself has a made-up signature: got %v", err)
	}
}

// TestProofKeepsBytes: JavaScript escapes neither HTML nor U+2028, so neither may the proof (core.md 4.3).
func TestProofKeepsBytes(t *testing.T) {
	t.Parallel()
	signer := generate(t, "ES256")
	subject := "user:default/<a>&\u2028\u2029\\u2028\"\\\t"
	limited, err := token.Limited(parse(t, userToken(t, signer, token.UserClaims{Subject: subject})))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(limited, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	want := "{\"sub\":\"user:default/<a>&\u2028\u2029\\\\u2028\\\"\\\\\\t\",\"iat\":1795320000,\"exp\":1795323600}"
	if string(payload) != want {
		t.Errorf("got  %s\nwant %s", payload, want)
	}
	if claims, err := parse(t, limited).Verify(keys.Set{signer.Public()}, noon); err != nil || claims.Subject != subject {
		t.Errorf("%+v, %v", claims, err)
	}
}

func TestLimitedLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	signer := generate(t, "ES256")
	limited, err := token.Limited(parse(t, userToken(t, signer, token.UserClaims{})))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := token.Limited(parse(t, limited)); err != nil || again != limited {
		t.Errorf("limited token changed: %v", err)
	}
	old := raw(t, signer, `{"alg":"ES256"}`, `{"sub":"user:default/jane","aud":"backstage"}`)
	if again, err := token.Limited(parse(t, old)); err != nil || again != old {
		t.Errorf("token without type changed: %v", err)
	}
	bare := raw(t, signer, header(signer, "vnd.backstage.user"), `{"sub":"user:default/jane","iat":1,"exp":2}`)
	if _, err := token.Limited(parse(t, bare)); !errors.Is(err, token.ErrNoProof) {
		t.Errorf("no proof: got %v", err)
	}
}

// TestAttacks: each of these tokens must be refused by a verifier that has only the signer's public key.
func TestAttacks(t *testing.T) {
	t.Parallel()
	signer, stranger := generate(t, "ES256"), generate(t, "ES256")
	rsa := generate(t, "RS256")
	set := keys.Set{signer.Public(), rsa.Public()}
	good := userToken(t, signer, token.UserClaims{})
	parts := strings.Split(good, ".")
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	const user = "vnd.backstage.user"
	payload := `{"sub":"user:default/jane","iat":1795320000,"exp":1795323600}`

	// A symmetric signature whose secret is the public key, as everybody can read it.
	published, err := json.Marshal(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	mac, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: published},
		(&jose.SignerOptions{}).WithHeader("kid", signer.Public().ID).WithType(user))
	if err != nil {
		t.Fatal(err)
	}
	jws, err := mac.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	confused, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}

	for _, tc := range []struct{ name, text string }{
		{"alg none, no signature", encode(`{"typ":"`+user+`","alg":"none"}`) + "." + parts[1] + "."},
		{"alg none, old signature", encode(`{"typ":"`+user+`","alg":"none"}`) + "." + parts[1] + "." + parts[2]},
		{"alg None", encode(`{"typ":"`+user+`","alg":"None","kid":"`+signer.Public().ID+`"}`) + "." + parts[1] + "." + parts[2]},
		{"no alg", encode(`{"typ":"`+user+`","kid":"`+signer.Public().ID+`"}`) + "." + parts[1] + "." + parts[2]},
		{"HS256 with the public key", confused},
		{"wrong kid", raw(t, signer, `{"typ":"`+user+`","alg":"ES256","kid":"x"}`, payload)},
		{"another's kid", raw(t, stranger, header(signer, user), payload)},
		{"kid of a key of another kind", raw(t, signer, `{"typ":"`+user+`","alg":"ES256","kid":"`+rsa.Public().ID+`"}`, payload)},
		{"algorithm not the key's", raw(t, signer, `{"typ":"`+user+`","alg":"ES384","kid":"`+signer.Public().ID+`"}`, payload)},
		{"PS256 with an RS256 key", raw(t, rsa, `{"typ":"`+user+`","alg":"PS256","kid":"`+rsa.Public().ID+`"}`, payload)},
		{"payload changed", parts[0] + "." + encode(payload) + "." + parts[2]},
		{"signature cut", good[:len(good)-2]},
		{"signature with padding", good + "=="},
		{"signature with a spare bit", good[:len(good)-1] + flip(good[len(good)-1])},
		{"line break in the signature", good[:len(good)-4] + "\n" + good[len(good)-4:]},
		{"critical extension", raw(t, signer, `{"typ":"`+user+`","alg":"ES256","kid":"`+signer.Public().ID+`","crit":["x"],"x":1}`, payload)},
		{"unencoded payload", raw(t, signer, `{"typ":"`+user+`","alg":"ES256","kid":"`+signer.Public().ID+`","b64":true}`, payload)},
		{"two algs", raw(t, signer, `{"alg":"ES256","alg":"none","kid":"`+signer.Public().ID+`"}`, payload)},
		{"ALG in capitals", raw(t, signer, `{"ALG":"ES256","kid":"`+signer.Public().ID+`"}`, payload)},
		{"two subjects", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","sub":"user:default/root","iat":1,"exp":1795323600}`)},
		{"text after the payload", raw(t, signer, header(signer, user), payload+`{}`)},
		{"no subject", raw(t, signer, header(signer, user), `{"iat":1795320000,"exp":1795323600}`)},
		{"subject no text", raw(t, signer, header(signer, user), `{"sub":["user:default/jane"],"iat":1,"exp":1795323600}`)},
		{"no exp", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","iat":1795320000}`)},
		{"exp null", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","iat":1,"exp":null}`)},
		{"exp a text", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","iat":1,"exp":"1795323600"}`)},
		{"exp beyond all times", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","iat":1,"exp":1e300}`)},
		{"no iat", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","exp":1795323600}`)},
		{"iat a text", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","iat":"x","exp":1795323600}`)},
		{"expired this second", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","iat":1,"exp":1795320000}`)},
		{"not valid yet", raw(t, signer, header(signer, user), `{"sub":"user:default/jane","iat":1,"exp":1795323600,"nbf":1795320001}`)},
		{"four parts", good + ".x"},
		{"empty", ""},
		{"dots", ".."},
		{"too long", strings.Repeat("a", token.MaxLength+1)},
		{"no object", encode(`[]`) + "." + encode(`{}`) + ".AA"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := token.Parse(tc.text)
			if err != nil {
				return
			}
			if claims, err := parsed.Verify(set, noon); err == nil {
				t.Errorf("believed: %+v", claims)
			}
		})
	}
	if _, err := parse(t, good).Verify(set, noon); err != nil {
		t.Errorf("the good token: %v", err)
	}
}

// flip changes the last, unused bits of the final base64 character of a signature of 64 bytes.
func flip(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}

func TestNoLeeway(t *testing.T) {
	t.Parallel()
	signer := generate(t, "ES256")
	set := keys.Set{signer.Public()}
	parsed := parse(t, userToken(t, signer, token.UserClaims{}))
	end := noon.Add(time.Hour)
	if _, err := parsed.Verify(set, end.Add(-time.Millisecond)); err != nil {
		t.Errorf("in its last second: %v", err)
	}
	if _, err := parsed.Verify(set, end); !errors.Is(err, token.ErrExpired) {
		t.Errorf("at its end: %v", err)
	}
}

func TestKeyWithoutID(t *testing.T) {
	t.Parallel()
	signer, other := generate(t, "ES256"), generate(t, "ES256")
	parsed := parse(t, raw(t, signer, `{"typ":"vnd.backstage.user","alg":"ES256"}`, `{"sub":"a","iat":1,"exp":1795323600}`))
	if _, err := parsed.Verify(keys.Set{signer.Public()}, noon); err != nil {
		t.Errorf("one key: %v", err)
	}
	if _, err := parsed.Verify(keys.Set{signer.Public(), other.Public()}, noon); !errors.Is(err, token.ErrAmbiguous) {
		t.Errorf("two keys: %v", err)
	}
}

func TestClass(t *testing.T) {
	t.Parallel()
	signer := generate(t, "ES256")
	for typ, want := range map[string]token.Class{
		"vnd.backstage.user":               token.User,
		"VND.Backstage.User":               token.User,
		"application/vnd.backstage.plugin": token.Plugin,
		"Application/Vnd.Backstage.Plugin": token.Plugin,
		"vnd.backstage.limited-user":       token.LimitedUser,
		"JWT":                              token.Other,
		"":                                 token.Other,
		"vnd.backstage.user ":              token.Other,
	} {
		if got := parse(t, raw(t, signer, header(signer, typ), `{}`)).Class(); got != want {
			t.Errorf("%q: got %q, want %q", typ, got, want)
		}
	}
}

func TestTooLongAUserToken(t *testing.T) {
	t.Parallel()
	groups := make([]string, 2000)
	for i := range groups {
		groups[i] = fmt.Sprintf("group:default/team-%d", i)
	}
	_, err := token.SignUser(generate(t, "ES256"), token.UserClaims{Subject: "user:default/jane", Ownership: groups, IssuedAt: noon, Expires: noon})
	if err == nil || !strings.Contains(err.Error(), "longer than 32768") {
		t.Errorf("got %v", err)
	}
}

func TestVerifySecret(t *testing.T) {
	t.Parallel()
	secret := []byte("0123456789abcdef0123456789abcdef")
	build := func(payload string) *token.Token {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, nil)
		if err != nil {
			t.Fatal(err)
		}
		jws, err := signer.Sign([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		text, err := jws.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, text)
	}
	eternal := build(`{"sub":"backstage-server"}`)
	if claims, err := eternal.VerifySecret(secret, noon); err != nil || claims.Subject != "backstage-server" || !claims.ExpiresAt().IsZero() {
		t.Errorf("%+v, %v", claims, err)
	}
	if _, err := eternal.VerifySecret([]byte("another secret"), noon); !errors.Is(err, token.ErrSignature) {
		t.Errorf("wrong secret: %v", err)
	}
	if _, err := eternal.VerifySecret(nil, noon); !errors.Is(err, token.ErrSignature) {
		t.Errorf("no secret: %v", err)
	}
	if _, err := build(`{"sub":"a","exp":1795320000}`).VerifySecret(secret, noon); !errors.Is(err, token.ErrExpired) {
		t.Errorf("expired: %v", err)
	}
}

// FuzzParse: reading and verifying never panic, and nothing that the key did not sign is believed.
func FuzzParse(f *testing.F) {
	signer := generate(f, "ES256")
	good := userToken(f, signer, token.UserClaims{Ownership: []string{"a"}})
	f.Add(good)
	f.Add("aaaa.bbbb.cccc")
	f.Add("e30.e30.AA")
	f.Add("..")
	f.Add(raw(f, signer, `{"typ":"x","alg":"ES256","crit":[]}`, `{"sub":1,"exp":null,"aud":{}}`))
	set := keys.Set{signer.Public()}
	limited, err := token.Limited(parse(f, good))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(limited)
	signed := map[string]bool{good: true, limited: true}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := token.Parse(text)
		if err != nil {
			return
		}
		_, _ = parsed.Unverified()
		if short, err := token.Limited(parsed); err == nil && len(short) > 2*token.MaxLength {
			t.Errorf("limited token of %d characters", len(short))
		}
		if _, err := parsed.Verify(set, noon); err == nil && !signed[text] {
			t.Errorf("believed: %q", text)
		}
	})
}
