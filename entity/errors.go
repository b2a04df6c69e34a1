package entity

// ValidationError says what is wrong with an entity, in the text that Backstage writes (catalog.md 1.3). On the wire it
// is the cause of an InputError.
type ValidationError struct {
	// Name is the JavaScript class of the error, as causes show it: "Error" or "TypeError".
	Name string
	// Message is the whole text.
	Message string
}

// Error returns the message.
func (e *ValidationError) Error() string { return e.Message }

// SyntaxError is a reference, filter, predicate or field list that cannot be read, in the text that Backstage writes.
type SyntaxError struct {
	// Name is the class of the error: "InputError" for what a request holds, "TypeError" or "Error" for references,
	// which are the cause of an InputError.
	Name string
	// Message is the whole text.
	Message string
}

// Error returns the message.
func (e *SyntaxError) Error() string { return e.Message }

func inputError(message string) *SyntaxError {
	return &SyntaxError{Name: "InputError", Message: message}
}
