package keys

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// StaticKey is one configured key: paths of PEM files (core.md 4.7).
type StaticKey struct {
	// ID is the kid.
	ID string
	// PublicKeyFile holds the public key in SPKI form.
	PublicKeyFile string
	// PrivateKeyFile holds the private key in PKCS#8 form; empty for a key that is only published.
	PrivateKeyFile string
	// Algorithm of the key; empty means DefaultAlgorithm.
	Algorithm string
}

// static is a Source of configured keys: the first signs, all are published.
type static struct {
	signer *Signer
	set    Set
}

// LoadStatic reads configured keys. The first must have a private key. With use set to "sig" the published keys say so,
// as the auth plugin's do.
func LoadStatic(list []StaticKey, use string) (Source, error) {
	if len(list) == 0 {
		return nil, errors.New("no keys are configured")
	}
	s := &static{}
	var errs []error
	for i, entry := range list {
		if i == 0 && entry.PrivateKeyFile == "" {
			errs = append(errs, errors.New("the first key signs and needs a privateKeyFile"))
			continue
		}
		if s.set.Has(entry.ID) {
			errs = append(errs, fmt.Errorf("key id %q is there twice", entry.ID))
			continue
		}
		signer, public, err := entry.load()
		if err != nil {
			errs = append(errs, fmt.Errorf("key %q: %w", entry.ID, err))
			continue
		}
		if i == 0 {
			s.signer = signer
		}
		public.Use = use
		s.set = append(s.set, public)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// load reads the files of one key and checks that they belong together.
func (k StaticKey) load() (*Signer, Public, error) {
	if k.ID == "" {
		return nil, Public{}, errors.New("keyId is missing")
	}
	name := k.Algorithm
	if name == "" {
		name = DefaultAlgorithm
	}
	a, err := findAlgorithm(name)
	if err != nil {
		return nil, Public{}, err
	}
	parsed, err := readPEM(k.PublicKeyFile, x509.ParsePKIXPublicKey)
	if err != nil {
		return nil, Public{}, err
	}
	if !a.fits(parsed) {
		return nil, Public{}, fmt.Errorf("%s does not fit the algorithm %s", k.PublicKeyFile, name)
	}
	public := Public{ID: k.ID, Algorithm: name, Key: parsed}
	if k.PrivateKeyFile == "" {
		return nil, public, nil
	}
	private, err := readPEM(k.PrivateKeyFile, x509.ParsePKCS8PrivateKey)
	if err != nil {
		return nil, Public{}, err
	}
	key, ok := private.(crypto.Signer)
	if !ok {
		return nil, Public{}, fmt.Errorf("%s holds no signing key", k.PrivateKeyFile)
	}
	if pair, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !pair.Equal(parsed) {
		return nil, Public{}, fmt.Errorf("%s and %s do not belong together", k.PublicKeyFile, k.PrivateKeyFile)
	}
	signer, err := newSigner(k.ID, a, key)
	return signer, public, err
}

// readPEM reads the first PEM block of a file. Its content never gets into an error.
func readPEM(path string, parse func([]byte) (any, error)) (any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is not a PEM file", path)
	}
	key, err := parse(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot read the %s", path, block.Type)
	}
	return key, nil
}

// Signer returns the first key.
func (s *static) Signer(context.Context) (*Signer, error) { return s.signer, nil }

// Keys returns all keys.
func (s *static) Keys(context.Context) (Set, error) { return s.set, nil }
