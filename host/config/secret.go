package config

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// mask is what is shown instead of a secret.
const mask = "***"

// Secret is a text that must not be shown. It prints as *** wherever it goes: in logs, errors, JSON and dumps.
// The zero value is an absent secret, which prints as an empty text.
type Secret struct{ text string }

// NewSecret hides text.
func NewSecret(text string) Secret { return Secret{text: text} }

// Reveal returns the text itself. Only the line that builds a request, or compares, calls it.
func (s Secret) Reveal() string { return s.text }

// IsZero reports that there is no secret.
func (s Secret) IsZero() bool { return s.text == "" }

// Equal compares without telling by its duration how much of the text was right.
func (s Secret) Equal(text string) bool {
	return subtle.ConstantTimeCompare([]byte(s.text), []byte(text)) == 1
}

// String returns ***.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return mask
}

// GoString returns ***, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format writes ***, whatever the verb: %x would otherwise print the field.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue returns *** for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns ***, which covers JSON, YAML and map keys.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns "***".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
