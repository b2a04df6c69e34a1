package keys

import (
	"crypto"
	"fmt"

	"github.com/google/uuid"
)

// Signer is a key pair that signs tokens.
type Signer struct {
	public    Public
	algorithm algorithm
	private   crypto.Signer
}

// Generate makes a key pair with a random kid.
func Generate(algorithm string) (*Signer, error) {
	a, err := findAlgorithm(algorithm)
	if err != nil {
		return nil, err
	}
	private, err := a.generate()
	if err != nil {
		return nil, fmt.Errorf("generate %s key: %w", algorithm, err)
	}
	return newSigner(uuid.NewString(), a, private)
}

func newSigner(id string, a algorithm, private crypto.Signer) (*Signer, error) {
	if !a.fits(private.Public()) {
		return nil, fmt.Errorf("key %q does not fit the algorithm %s", id, a.name)
	}
	return &Signer{
		public:    Public{ID: id, Algorithm: a.name, Key: private.Public()},
		algorithm: a,
		private:   private,
	}, nil
}

// Public returns the half that verifies.
func (s *Signer) Public() Public { return s.public }

// Sign returns the raw signature over the input, as JWS wants it.
func (s *Signer) Sign(input []byte) ([]byte, error) {
	signature, err := s.algorithm.sign(s.private, input)
	if err != nil {
		return nil, fmt.Errorf("sign with key %q: %w", s.public.ID, err)
	}
	return signature, nil
}
