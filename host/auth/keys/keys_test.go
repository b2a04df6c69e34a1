package keys_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/understudy-portal/understudy/host/auth/keys"
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

func TestSetComesBack(t *testing.T) {
	t.Parallel()
	var set keys.Set
	for _, algorithm := range keys.Algorithms() {
		set = append(set, generate(t, algorithm).Public())
	}
	set[0].Use = "sig"
	data, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	back, err := keys.ParseSet(data)
	if err != nil || len(back) != len(set) {
		t.Fatalf("%d keys, %v\n%s", len(back), err, data)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(data) {
		t.Errorf("got  %s\nwant %s", again, data)
	}
	for i, key := range back {
		if !key.Fits(keys.Algorithms()[i]) {
			t.Errorf("%s does not fit its algorithm", key.Algorithm)
		}
	}
	if data, err := json.Marshal(keys.Set(nil)); err != nil || string(data) != `{"keys":[]}` {
		t.Errorf("empty: %s, %v", data, err)
	}
}

// TestCoordinatesKeepTheirLength: a coordinate that begins with a zero byte is not shortened (RFC 7518 6.2.1.2).
func TestCoordinatesKeepTheirLength(t *testing.T) {
	t.Parallel()
	for range 600 { // one in 128 has such a coordinate
		data, err := json.Marshal(generate(t, "ES256").Public())
		if err != nil {
			t.Fatal(err)
		}
		var wire struct{ X, Y string }
		if err := json.Unmarshal(data, &wire); err != nil || len(wire.X) != 43 || len(wire.Y) != 43 {
			t.Fatalf("%s, %v", data, err)
		}
	}
}

func TestParseLeavesOut(t *testing.T) {
	t.Parallel()
	signer := generate(t, "ES256")
	good, err := json.Marshal(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	with := func(member string) string { return strings.TrimSuffix(string(good), "}") + "," + member + "}" }
	private, err := jose.JSONWebKey{Key: []byte("a shared secret"), KeyID: "s", Algorithm: "HS256"}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"symmetric":          string(private),
		"for encryption":     with(`"use":"enc"`),
		"not for verifying":  with(`"key_ops":["sign"]`),
		"off the curve":      `{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","kid":"x"}`,
		"unknown curve":      `{"kty":"EC","crv":"P-192","x":"AA","y":"AA","kid":"x"}`,
		"short RSA":          `{"kty":"RSA","n":"` + strings.Repeat("x", 170) + `","e":"AQAB","kid":"x"}`,
		"another algorithm":  strings.Replace(string(good), "ES256", "RS256", 1),
		"a symmetric one":    strings.Replace(string(good), "ES256", "HS256", 1),
		"with a private key": with(`"d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"`),
		"unknown type":       `{"kty":"X"}`,
		"no object":          `5`,
	} {
		set, err := keys.ParseSet([]byte(fmt.Sprintf(`{"keys":[%s,%s]}`, text, good)))
		if err != nil || len(set) != 1 || set[0].ID != signer.Public().ID {
			t.Errorf("%s: %v, %v", name, set, err)
		}
	}
	if set, err := keys.ParseSet([]byte(`{"keys":[` + with(`"use":"sig","key_ops":["verify"]`) + `]}`)); err != nil || len(set) != 1 {
		t.Errorf("good use: %v, %v", set, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	es, rs := generate(t, "ES256").Public(), generate(t, "RS256").Public()
	open := rs
	open.ID, open.Algorithm = "open", ""
	set := keys.Set{es, rs, open}
	for _, tc := range []struct {
		id, algorithm string
		want          int
	}{
		{es.ID, "ES256", 1},
		{es.ID, "ES384", 0},
		{es.ID, "HS256", 0},
		{es.ID, "none", 0},
		{es.ID, "", 0},
		{rs.ID, "PS256", 0},
		{"open", "PS256", 1},
		{"open", "RS512", 1},
		{"", "ES256", 1},
		{"", "RS256", 2},
		{"x", "ES256", 0},
	} {
		if got := set.Find(tc.id, tc.algorithm); len(got) != tc.want {
			t.Errorf("%q %q: %d keys, want %d", tc.id, tc.algorithm, len(got), tc.want)
		}
	}
}

func TestRing(t *testing.T) {
	t.Parallel()
	now := noon
	ring := keys.NewRing(keys.RingOptions{Store: keys.Memory(), Rotate: time.Hour, Keep: 3 * time.Hour, Now: func() time.Time { return now }})
	published := func() keys.Set {
		t.Helper()
		set, err := ring.Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	signer := func() *keys.Signer {
		t.Helper()
		s, err := ring.Signer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if len(published()) != 0 {
		t.Error("a key before one was asked for")
	}
	first := signer()
	now = now.Add(time.Hour - 1)
	if signer() != first || len(published()) != 1 {
		t.Error("rotated too early")
	}
	now = now.Add(1)
	second := signer()
	if second == first || len(published()) != 2 {
		t.Error("not rotated")
	}
	now = noon.Add(3 * time.Hour)
	if set := published(); set.Has(first.Public().ID) || !set.Has(second.Public().ID) {
		t.Errorf("published %v", set)
	}
}

// failing is a store that cannot store.
type failing struct{ err error }

func (f failing) Add(context.Context, keys.Public, time.Time) error { return f.err }
func (f failing) List(context.Context, time.Time) (keys.Set, error) { return nil, f.err }

// TestRingWithoutStore: no token is signed with a key that could not be published.
func TestRingWithoutStore(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	ring := keys.NewRing(keys.RingOptions{Store: failing{broken}, Rotate: time.Hour, Keep: time.Hour})
	if _, err := ring.Signer(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := ring.Keys(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// TestRingBurst: many callers at once make one key.
func TestRingBurst(t *testing.T) {
	t.Parallel()
	ring := keys.NewRing(keys.RingOptions{Store: keys.Memory(), Rotate: time.Hour, Keep: time.Hour})
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if _, err := ring.Signer(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if set, err := ring.Keys(t.Context()); err != nil || len(set) != 1 {
		t.Errorf("%d keys, %v", len(set), err)
	}
}

// pemPair writes a key pair as PEM files and returns their paths.
func pemPair(t *testing.T, algorithm string) (public, private string) {
	t.Helper()
	dir := t.TempDir()
	var signer crypto.Signer
	var err error
	if algorithm == "RS256" {
		signer, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	public, private = filepath.Join(dir, "public.pem"), filepath.Join(dir, "private.pem")
	for path, block := range map[string]*pem.Block{public: {Type: "PUBLIC KEY", Bytes: spki}, private: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return public, private
}

func TestStatic(t *testing.T) {
	t.Parallel()
	pub1, priv1 := pemPair(t, "ES256")
	pub2, priv2 := pemPair(t, "RS256")
	source, err := keys.LoadStatic([]keys.StaticKey{
		{ID: "one", PublicKeyFile: pub1, PrivateKeyFile: priv1},
		{ID: "two", PublicKeyFile: pub2, Algorithm: "RS512"},
	}, "sig")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := source.Signer(t.Context())
	if err != nil || signer.Public().ID != "one" {
		t.Errorf("%v, %v", signer, err)
	}
	set, err := source.Keys(t.Context())
	if err != nil || len(set) != 2 || set[0].Use != "sig" || set[1].Algorithm != "RS512" {
		t.Errorf("%+v, %v", set, err)
	}
	for name, tc := range map[string]struct {
		list []keys.StaticKey
		want string
	}{
		"none":             {nil, "no keys"},
		"no private key":   {[]keys.StaticKey{{ID: "a", PublicKeyFile: pub1}}, "the first key signs"},
		"no id":            {[]keys.StaticKey{{PublicKeyFile: pub1, PrivateKeyFile: priv1}}, "keyId is missing"},
		"twice":            {[]keys.StaticKey{{ID: "a", PublicKeyFile: pub1, PrivateKeyFile: priv1}, {ID: "a", PublicKeyFile: pub1}}, "is there twice"},
		"other algorithm":  {[]keys.StaticKey{{ID: "a", PublicKeyFile: pub1, PrivateKeyFile: priv1, Algorithm: "ES384"}}, "does not fit"},
		"unknown":          {[]keys.StaticKey{{ID: "a", PublicKeyFile: pub1, PrivateKeyFile: priv1, Algorithm: "HS256"}}, "unknown signing algorithm"},
		"no pair":          {[]keys.StaticKey{{ID: "a", PublicKeyFile: pub2, PrivateKeyFile: priv1, Algorithm: "RS256"}}, "do not belong together"},
		"mixed up":         {[]keys.StaticKey{{ID: "a", PublicKeyFile: priv2, PrivateKeyFile: pub2, Algorithm: "RS256"}}, "cannot read the PRIVATE KEY"},
		"no such file":     {[]keys.StaticKey{{ID: "a", PublicKeyFile: "nowhere.pem", PrivateKeyFile: priv1}}, "nowhere.pem"},
		"not a PEM at all": {[]keys.StaticKey{{ID: "a", PublicKeyFile: "keys_test.go", PrivateKeyFile: priv1}}, "is not a PEM file"},
	} {
		if _, err := keys.LoadStatic(tc.list, ""); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

// FuzzParseSet: whatever a document holds, reading it does not panic, and what it yields can verify.
func FuzzParseSet(f *testing.F) {
	data, err := json.Marshal(keys.Set{generate(f, "ES256").Public(), generate(f, "EdDSA").Public()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA"},{"kty":"RSA","n":"AQ","e":"AQAB"}]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := keys.ParseSet(data)
		if err != nil {
			return
		}
		for _, key := range set {
			fits := false
			for _, algorithm := range keys.Algorithms() {
				fits = fits || key.Fits(algorithm)
			}
			if !fits || key.Fits("HS256") || key.Fits("none") {
				t.Errorf("key %+v", key)
			}
		}
		if _, err := json.Marshal(set); err != nil {
			t.Errorf("cannot be written: %v", err)
		}
	})
}

// stalledStore keeps whoever adds a key until it is released.
type stalledStore struct{ entered, release chan struct{} }

func (s stalledStore) Add(context.Context, keys.Public, time.Time) error {
	close(s.entered)
	<-s.release
	return nil
}

func (stalledStore) List(context.Context, time.Time) (keys.Set, error) { return nil, nil }

// TestRingWithAStalledStore: whoever waits for the key that another caller makes waits no longer than its own context.
func TestRingWithAStalledStore(t *testing.T) {
	t.Parallel()
	store := stalledStore{entered: make(chan struct{}), release: make(chan struct{})}
	ring := keys.NewRing(keys.RingOptions{Store: store, Rotate: time.Hour, Keep: 2 * time.Hour})
	first := make(chan error, 1)
	go func() {
		_, err := ring.Signer(t.Context())
		first <- err
	}()
	<-store.entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ring.Signer(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(store.release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
