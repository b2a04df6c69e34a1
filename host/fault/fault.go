package fault

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The names that clients branch on, with the statuses that belong to them (core.md 3.1).
const (
	NameInput              = "InputError"
	NameAuthentication     = "AuthenticationError"
	NameNotAllowed         = "NotAllowedError"
	NameNotFound           = "NotFoundError"
	NameConflict           = "ConflictError"
	NameNotModified        = "NotModifiedError"
	NameNotImplemented     = "NotImplementedError"
	NameServiceUnavailable = "ServiceUnavailableError"
	NamePayloadTooLarge    = "PayloadTooLargeError"
)

// Error is an error whose kind, and whose text, the caller may see.
type Error struct {
	// Name is the kind as the wire names it, such as "InputError".
	Name string
	// Status is the HTTP status that goes with it.
	Status int
	// Message is the text for the caller, without the cause.
	Message string
	// Cause is what brought it about, or nil. Its name and message are part of the error body, so it must be fit
	// for the caller too; a cause that is not is left out and logged where it happened.
	Cause error
	// Fields are further members of the error object, such as "code" or "statusCode", in their order on the wire.
	Fields []Field
	// RetryAfter is when to ask again, for the header of that name; zero says nothing.
	RetryAfter time.Duration
}

// Field is a further member of the error object.
type Field struct {
	Key   string
	Value any
}

// Error returns the message, followed by the cause as Backstage writes it: "; caused by <Name>: <message>".
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + "; caused by " + Name(e.Cause) + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// With returns a copy that carries one more field of the error object, or another value of one that it has.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Fields = make([]Field, 0, len(e.Fields)+1)
	for _, f := range e.Fields {
		if f.Key != key {
			c.Fields = append(c.Fields, f)
		}
	}
	c.Fields = append(c.Fields, Field{Key: key, Value: value})
	return &c
}

// After returns a copy that asks the caller to come again after a while.
func (e *Error) After(wait time.Duration) *Error {
	c := *e
	c.RetryAfter = wait
	return &c
}

// CausedBy returns a copy with the given cause.
func (e *Error) CausedBy(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

func build(name string, status int, format string, args []any) *Error {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	return &Error{Name: name, Status: status, Message: message}
}

// Input is a request that cannot be understood: 400.
func Input(format string, args ...any) *Error {
	return build(NameInput, http.StatusBadRequest, format, args)
}

// Authentication is a request whose caller is unknown: 401.
func Authentication(format string, args ...any) *Error {
	return build(NameAuthentication, http.StatusUnauthorized, format, args)
}

// NotAllowed is a request that its caller may not make: 403.
func NotAllowed(format string, args ...any) *Error {
	return build(NameNotAllowed, http.StatusForbidden, format, args)
}

// NotFound is a request for something that is not there: 404.
func NotFound(format string, args ...any) *Error {
	return build(NameNotFound, http.StatusNotFound, format, args)
}

// Conflict is a request that the present state does not permit: 409.
func Conflict(format string, args ...any) *Error {
	return build(NameConflict, http.StatusConflict, format, args)
}

// NotModified tells that the caller's copy is current: 304.
func NotModified(format string, args ...any) *Error {
	return build(NameNotModified, http.StatusNotModified, format, args)
}

// NotImplemented is a request for something this server does not do: 501.
func NotImplemented(format string, args ...any) *Error {
	return build(NameNotImplemented, http.StatusNotImplemented, format, args)
}

// Unavailable is a request that may succeed later: 503.
func Unavailable(format string, args ...any) *Error {
	return build(NameServiceUnavailable, http.StatusServiceUnavailable, format, args)
}

// TooLarge is a request whose body is over the limit: 413.
func TooLarge(format string, args ...any) *Error {
	return build(NamePayloadTooLarge, http.StatusRequestEntityTooLarge, format, args)
}

// Name returns the kind of err as the wire names it; "Error" when err has none.
func Name(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Name
	}
	return "Error"
}

// Status returns the HTTP status that err stands for; 500 when it has no kind.
func Status(err error) int {
	if e, ok := errors.AsType[*Error](err); ok && e.Status >= 100 && e.Status <= 599 {
		return e.Status
	}
	return http.StatusInternalServerError
}

// Is reports whether err has the kind that the wire calls name.
func Is(err error, name string) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Name == name
}
