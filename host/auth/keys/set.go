package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	jose "github.com/go-jose/go-jose/v4"
)

// Public is a key by which tokens are verified.
type Public struct {
	// ID is the key's kid.
	ID string
	// Algorithm is the one that the key is for; empty when its document does not say.
	Algorithm string
	// Use is "sig" or empty.
	Use string
	// Key is the key itself, of a type of the standard library.
	Key crypto.PublicKey
}

// Set is the keys of one JWKS document, in its order.
type Set []Public

// maxKeys bounds what is read of somebody's document; a signature may be tried against several of them.
const maxKeys = 100

// ParseSet reads a JWKS document. Keys that cannot verify a signature, or that we cannot read, are left out: a document
// may hold keys for other uses (RFC 7517 5).
func ParseSet(data []byte) (Set, error) {
	var document struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("parse key set: %w", err)
	}
	if document.Keys == nil {
		return nil, errors.New("parse key set: it has no list of keys")
	}
	if len(*document.Keys) > maxKeys {
		return nil, fmt.Errorf("parse key set: it has %d keys, more than %d", len(*document.Keys), maxKeys)
	}
	var set Set
	for _, raw := range *document.Keys {
		if key, err := ParsePublic(raw); err == nil {
			set = append(set, key)
		}
	}
	return set, nil
}

// ParsePublic reads one JWK. It must be an asymmetric public key that may verify signatures.
func ParsePublic(data []byte) (Public, error) {
	var limits struct {
		Operations *[]string `json:"key_ops"`
	}
	if err := json.Unmarshal(data, &limits); err != nil {
		return Public{}, fmt.Errorf("parse key: %w", err)
	}
	if limits.Operations != nil && !slices.Contains(*limits.Operations, "verify") {
		return Public{}, errors.New("parse key: its key_ops do not include verify")
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(data); err != nil {
		return Public{}, fmt.Errorf("parse key: %w", err)
	}
	if jwk.Use != "" && jwk.Use != "sig" {
		return Public{}, fmt.Errorf("parse key: it is for %q, not for signatures", jwk.Use)
	}
	if !jwk.IsPublic() || !jwk.Valid() {
		return Public{}, errors.New("parse key: it is not a public key")
	}
	key := Public{ID: jwk.KeyID, Algorithm: jwk.Algorithm, Use: jwk.Use, Key: jwk.Key}
	if !key.usable() {
		return Public{}, errors.New("parse key: it does not fit any asymmetric signing algorithm")
	}
	return key, nil
}

// usable reports whether the key fits the algorithm it names, or any that we know.
func (p Public) usable() bool {
	return slices.ContainsFunc(algorithms, func(a algorithm) bool {
		return (p.Algorithm == "" || p.Algorithm == a.name) && a.fits(p.Key)
	})
}

// Fits reports whether the key may verify a token signed with the algorithm.
func (p Public) Fits(name string) bool {
	a, err := findAlgorithm(name)
	return err == nil && (p.Algorithm == "" || p.Algorithm == name) && a.fits(p.Key)
}

// Find returns the keys that may verify a token with this kid and algorithm. An empty kid finds every key that fits.
func (s Set) Find(id, algorithm string) Set {
	var found Set
	for _, key := range s {
		if (id == "" || key.ID == id) && key.Fits(algorithm) {
			found = append(found, key)
		}
	}
	return found
}

// Has reports whether the set holds a key with this kid.
func (s Set) Has(id string) bool {
	return slices.ContainsFunc(s, func(key Public) bool { return key.ID == id })
}

// wireKey is a JWK with its members in the order in which Backstage writes them.
type wireKey struct {
	Type  string `json:"kty"`
	X     string `json:"x,omitempty"`
	Y     string `json:"y,omitempty"`
	N     string `json:"n,omitempty"`
	E     string `json:"e,omitempty"`
	Curve string `json:"crv,omitempty"`
	ID    string `json:"kid,omitempty"`
	Alg   string `json:"alg,omitempty"`
	Use   string `json:"use,omitempty"`
}

// MarshalJSON writes the key as a JWK.
func (p Public) MarshalJSON() ([]byte, error) {
	wire := wireKey{ID: p.ID, Alg: p.Algorithm, Use: p.Use}
	switch key := p.Key.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			return nil, fmt.Errorf("write key: %w", err)
		}
		half := (len(point) - 1) / 2 // the first byte says that the point is uncompressed
		wire.Type, wire.Curve = "EC", key.Curve.Params().Name
		wire.X, wire.Y = encode(point[1:1+half]), encode(point[1+half:])
	case *rsa.PublicKey:
		wire.Type = "RSA"
		wire.N, wire.E = encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes())
	case ed25519.PublicKey:
		wire.Type, wire.Curve, wire.X = "OKP", "Ed25519", encode(key)
	default:
		return nil, fmt.Errorf("write key: unknown type %T", p.Key)
	}
	return json.Marshal(wire)
}

// MarshalJSON writes the JWKS document.
func (s Set) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(`{"keys":[`)
	for i, key := range s {
		raw, err := key.MarshalJSON()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(raw)
	}
	out.WriteString(`]}`)
	return out.Bytes(), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
