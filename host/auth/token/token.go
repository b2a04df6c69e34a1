package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/understudy-portal/understudy/host/auth/keys"
)

// MaxLength is the longest token that is read or issued, in characters (core.md 4.2).
const MaxLength = 32768

// Class is what a token's type says it stands for (core.md 4.1).
type Class string

// The classes, by the media type in the token's header.
const (
	User        Class = "vnd.backstage.user"
	LimitedUser Class = "vnd.backstage.limited-user"
	Plugin      Class = "vnd.backstage.plugin"
	// Other is any other type, or none.
	Other Class = ""
)

// UserAudience is the aud of user tokens. A token of another class with this audience is a user token of older releases.
const UserAudience = "backstage"

// Header is what a token says about itself.
type Header struct {
	Type      string `json:"typ"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
}

// Token is a token that has been read but not verified.
type Token struct {
	Header Header

	text string
	// signed is header and payload as they were signed, with the dot between them.
	signed    string
	payload   []byte
	signature []byte
}

var errMalformed = errors.New("malformed token")

// Parse reads a token without verifying anything. It fails for texts that are no signed JSON web token, that are longer
// than MaxLength, or that demand extensions nobody here understands.
func Parse(text string) (*Token, error) {
	if len(text) > MaxLength {
		return nil, fmt.Errorf("%w: longer than %d characters", errMalformed, MaxLength)
	}
	if strings.Count(text, ".") != 2 {
		return nil, errMalformed
	}
	first, last := strings.IndexByte(text, '.'), strings.LastIndexByte(text, '.')
	header, err := decode(text[:first])
	if err != nil {
		return nil, err
	}
	t := &Token{text: text, signed: text[:last]}
	if t.payload, err = decode(text[first+1 : last]); err != nil {
		return nil, err
	}
	if t.signature, err = decode(text[last+1:]); err != nil {
		return nil, err
	}
	return t, t.readHeader(header)
}

// readHeader reads the members that matter by their exact names: Go's decoder would also take "ALG" for "alg".
func (t *Token) readHeader(data []byte) error {
	members, err := object(data)
	if err != nil {
		return err
	}
	for _, extension := range []string{"crit", "b64"} {
		if _, ok := members[extension]; ok {
			return fmt.Errorf("%w: header has %s", errMalformed, extension)
		}
	}
	for name, dst := range map[string]*string{"typ": &t.Header.Type, "alg": &t.Header.Algorithm, "kid": &t.Header.KeyID} {
		if raw, ok := members[name]; ok {
			if err := json.Unmarshal(raw, dst); err != nil {
				return fmt.Errorf("%w: %s is not a string", errMalformed, name)
			}
		}
	}
	return nil
}

// Class tells by the header's type what the token stands for. Media types are compared without case, and an
// "application/" before them is ignored.
func (t *Token) Class() Class {
	name := strings.TrimPrefix(strings.ToLower(t.Header.Type), "application/")
	switch class := Class(name); class {
	case User, LimitedUser, Plugin:
		return class
	default:
		return Other
	}
}

// Unverified returns the claims without believing them. It serves to find the key of the one who is said to have signed.
func (t *Token) Unverified() (Claims, error) { return parseClaims(t.payload) }

// Payload returns the JSON of the claims, without believing it.
func (t *Token) Payload() []byte { return t.payload }

// Text returns the token itself, which is a secret.
func (t *Token) Text() string { return t.text }

func decode(part string) ([]byte, error) {
	// The decoder skips line breaks, of which a token has none.
	if part == "" || strings.ContainsAny(part, "\r\n") {
		return nil, errMalformed
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, errMalformed
	}
	return b, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// object reads a JSON object into its members. A member that is there twice is an error, because another reader may
// take the other one.
func object(data []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, fmt.Errorf("%w: not a JSON object", errMalformed)
	}
	members := map[string]json.RawMessage{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: bad JSON", errMalformed)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("%w: bad JSON", errMalformed)
		}
		key, _ := name.(string)
		if _, twice := members[key]; twice {
			return nil, fmt.Errorf("%w: member %q is there twice", errMalformed, key)
		}
		members[key] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("%w: bad JSON", errMalformed)
	}
	if dec.InputOffset() != int64(len(bytes.TrimRight(data, " \t\r\n"))) {
		return nil, fmt.Errorf("%w: text after the JSON object", errMalformed)
	}
	return members, nil
}

// sign returns the token with the given header and payload.
func sign(signer *keys.Signer, header, payload []byte) (string, error) {
	input := encode(header) + "." + encode(payload)
	signature, err := signer.Sign([]byte(input))
	if err != nil {
		return "", err
	}
	return input + "." + encode(signature), nil
}
