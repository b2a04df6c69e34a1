package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // the hash functions of the algorithms below
	_ "crypto/sha512"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// DefaultAlgorithm signs where nothing else is configured.
const DefaultAlgorithm = "ES256"

// algorithm is what a name such as ES256 stands for (RFC 7518 3.1).
type algorithm struct {
	name  string
	hash  crypto.Hash
	curve elliptic.Curve // for ECDSA
	rsa   bool
	pss   bool
}

// algorithms are all that are accepted: asymmetric ones only.
var algorithms = []algorithm{
	{name: "ES256", hash: crypto.SHA256, curve: elliptic.P256()},
	{name: "ES384", hash: crypto.SHA384, curve: elliptic.P384()},
	{name: "ES512", hash: crypto.SHA512, curve: elliptic.P521()},
	{name: "RS256", hash: crypto.SHA256, rsa: true},
	{name: "RS384", hash: crypto.SHA384, rsa: true},
	{name: "RS512", hash: crypto.SHA512, rsa: true},
	{name: "PS256", hash: crypto.SHA256, rsa: true, pss: true},
	{name: "PS384", hash: crypto.SHA384, rsa: true, pss: true},
	{name: "PS512", hash: crypto.SHA512, rsa: true, pss: true},
	{name: "EdDSA"},
}

// minRSABits is the least that RFC 7518 3.3 allows.
const minRSABits = 2048

// Algorithms returns the names of the algorithms that may sign a token.
func Algorithms() []string {
	names := make([]string, len(algorithms))
	for i, a := range algorithms {
		names[i] = a.name
	}
	return names
}

func findAlgorithm(name string) (algorithm, error) {
	if i := slices.IndexFunc(algorithms, func(a algorithm) bool { return a.name == name }); i >= 0 {
		return algorithms[i], nil
	}
	return algorithm{}, fmt.Errorf("unknown signing algorithm %q; known: %s", name, strings.Join(Algorithms(), ", "))
}

// generate makes a private key for the algorithm.
func (a algorithm) generate() (crypto.Signer, error) {
	switch {
	case a.curve != nil:
		return ecdsa.GenerateKey(a.curve, rand.Reader)
	case a.rsa:
		return rsa.GenerateKey(rand.Reader, minRSABits)
	default:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
}

// fits reports whether the public key is of the algorithm's kind.
func (a algorithm) fits(public crypto.PublicKey) bool {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return a.curve != nil && key.Curve == a.curve
	case *rsa.PublicKey:
		return a.rsa && key.N.BitLen() >= minRSABits
	case ed25519.PublicKey:
		return a.curve == nil && !a.rsa
	default:
		return false
	}
}

// sign returns the signature as JWS wants it; ECDSA's is r and s side by side, not DER.
func (a algorithm) sign(key crypto.Signer, input []byte) ([]byte, error) {
	if a.hash == 0 {
		return key.Sign(nil, input, crypto.Hash(0))
	}
	h := a.hash.New()
	h.Write(input)
	digest := h.Sum(nil)
	if private, ok := key.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, private, digest)
		if err != nil {
			return nil, err
		}
		return rawSignature(r, s, a.curve), nil
	}
	if a.pss {
		return key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash})
	}
	return key.Sign(rand.Reader, digest, a.hash)
}

func rawSignature(r, s *big.Int, curve elliptic.Curve) []byte {
	size := (curve.Params().BitSize + 7) / 8
	raw := make([]byte, 2*size)
	r.FillBytes(raw[:size])
	s.FillBytes(raw[size:])
	return raw
}
