package client

import "time"

// Code is a stable name of what went wrong, for our callers (spacelift.md 5.3).
type Code string

// The codes.
const (
	CodeForbidden   Code = "SPACELIFT_FORBIDDEN"
	CodeAuth        Code = "SPACELIFT_AUTH"
	CodeSchema      Code = "SPACELIFT_SCHEMA"
	CodeRejected    Code = "SPACELIFT_REJECTED"
	CodeRateLimited Code = "SPACELIFT_RATE_LIMITED"
	CodeUnavailable Code = "SPACELIFT_UNAVAILABLE"
	CodeNotFound    Code = "NOT_FOUND"
)

// Error is a failed call. Its text is safe to show: it holds no secret and no variable of a request.
type Error struct {
	Code Code
	// Status is the HTTP status to answer our own callers with (spacelift.md 5.3).
	Status int
	// Message is for people.
	Message string
	// RetryAfter is set with CodeRateLimited, with CodeUnavailable while the breaker is open, and with CodeAuth while a
	// refused key is left alone.
	RetryAfter time.Duration
	// Ambiguous is true for a mutation that may have taken effect.
	Ambiguous bool
	// Gaps is true for a sweep that came to its end and handed on all that came, where something was left out of it.
	Gaps bool
	// Err is the cause, or nil.
	Err error

	// why is what the client itself makes of it.
	why reason
}

// reason sorts failures by what the client does about them.
type reason int

const (
	// final: there is nothing to do but to tell.
	final reason = iota
	// outage: the account could not be reached or answered nonsense. Queries are tried again; the breaker counts it.
	outage
	// limited: too many requests. Queries wait.
	limited
	// canceled: our caller has gone.
	canceled
	// unproven: "unauthorized", which is said of a token that has expired as of a missing permission.
	unproven
	// refused: the token was refused as a token (401).
	refused
	// unchanged: a key that was refused still has the same secret.
	unchanged
	// unknownField: the schema is older than the document.
	unknownField
)

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
