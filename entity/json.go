package entity

// ParseJSON reads one JSON text as JavaScript's JSON.parse does: of repeated keys the last value counts, and a lone
// surrogate stays one. Nesting is limited to 1000 levels. The error is a *JSONError.
func ParseJSON(data []byte) (any, error) { return nil, nil }

// ParseObject is ParseJSON for a text that must be an object.
func ParseObject(data []byte) (*Object, error) { return nil, nil }

// JSONError is a mistake in a JSON text.
type JSONError struct {
	// Offset is where the mistake is, in bytes.
	Offset int
	// Message says what is wrong, without the place.
	Message string
}

// Error returns the message and the place.
func (e *JSONError) Error() string { return e.Message }
