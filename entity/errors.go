package entity

// ValidationError says what is wrong with an entity, in the text that Backstage writes (catalog.md 1.3). On the wire it
// is an InputError or the cause of one.
type ValidationError struct {
	// Name is the JavaScript class of the error, which is seen where the error is a cause: "Error" or "TypeError".
	Name string
	// Message is the whole text.
	Message string
}

// Error returns the message.
func (e *ValidationError) Error() string { return e.Message }

// SyntaxError is a reference, filter, predicate or field list that cannot be read. On the wire it is an InputError
// with the same message.
type SyntaxError struct{ Message string }

// Error returns the message.
func (e *SyntaxError) Error() string { return e.Message }
