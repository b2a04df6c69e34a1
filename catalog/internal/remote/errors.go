package remote

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/fault"
)

// hope says whether repeating a request may help.
type hope int

const (
	// hopeless answers stay what they are.
	hopeless hope = iota
	// doubtful ones are those of a peer that is starting, or of one that is set up wrongly.
	doubtful
	// passing ones are those of a peer that is busy, restarting or out of reach.
	passing
)

// Error is a read that failed: which address was asked, what it answered, and what to do about it. Its kind in host/fault
// is what a caller of ours is told, without the address.
type Error struct {
	// Address is the catalog's base URL.
	Address string
	// Operation is what was asked: walk, compare, by-refs or by-name.
	Operation string
	// Status is the HTTP status; zero where there was no answer.
	Status int
	// Name and Message are those of the error body (core.md 3.1), where there was one.
	Name, Message string
	// Fix is what an operator can do.
	Fix string
	// RetryAfter is how long the peer wants to be left alone; zero where it did not say.
	RetryAfter time.Duration

	hope  hope
	large bool   // asking for less at once may help
	token string // the one that was sent; do takes it out
	cause error
	kind  *fault.Error
}

// Error tells all of it, for logs and for the pages of operators.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the catalog at %s ", e.Address)
	switch {
	case e.Status == 0:
		fmt.Fprintf(&b, "could not be asked (%s): %v", e.Operation, e.cause)
	case e.cause != nil:
		fmt.Fprintf(&b, "answered %d (%s), which cannot be read: %v", e.Status, e.Operation, e.cause)
	case e.Message != "":
		fmt.Fprintf(&b, "answered %d (%s): %s: %s", e.Status, e.Operation, e.Name, e.Message)
	default:
		fmt.Fprintf(&b, "answered %d (%s) without a reason", e.Status, e.Operation)
	}
	if e.Fix != "" {
		b.WriteString("; " + e.Fix)
	}
	return b.String()
}

// Unwrap returns the kind, and what brought the failure about.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

// Down reports whether any other question would fail as this one did (host.CatalogDown).
func (e *Error) Down() bool {
	switch e.Status {
	case 0:
		return e.hope == passing
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusUnauthorized:
		return false // it may be this caller's token
	default:
		return e.hope == doubtful || e.Status >= 300 && e.Status < 400 // that is no catalog
	}
}

func unavailable() *fault.Error {
	return fault.Unavailable("the catalog cannot be read just now; the log of this server says why")
}

// unanswered is a request without an answer.
func unanswered(cause error) *Error {
	return &Error{
		hope: passing, cause: cause, kind: unavailable(),
		Fix: "is that the address at which this server reaches Backstage, and does Backstage run? discovery.endpoints sets it",
	}
}

// unreadable is an answer of 200 that is not what it should be.
func unreadable(cause error) *Error {
	return &Error{Status: http.StatusOK, hope: passing, cause: cause, kind: unavailable()}
}

// maxMessage bounds what is repeated of another server's text.
const maxMessage = 500

// legible is a text from outside as one line of bounded length.
func legible(text string) string { return host.Legible(text, maxMessage) }

// refusal reads an answer that is not 200. What an operation asks for that names entities is the caller's; all else is
// ours.
func refusal(operation string, status int, header http.Header, body []byte, now time.Time) *Error {
	e := &Error{Status: status, RetryAfter: retryAfter(header.Get("Retry-After"), now), kind: unavailable()}
	structured := e.readBody(header, body)
	switch {
	case status == http.StatusUnauthorized:
		e.hope, e.Fix = doubtful, fixOf401(e.Message)
	case status == http.StatusForbidden:
		e.kind = fault.NotAllowed("the catalog does not allow this")
		e.Fix = "the caller's token, or the service that it stands for, is restricted there: see backend.auth.externalAccess and the permission policy"
	case status == http.StatusBadRequest && (operation == opRefs || operation == opName):
		e.kind = fault.Input("the catalog takes this for no question about entities")
	case status == http.StatusRequestEntityTooLarge && (operation == opRefs || operation == opName):
		e.kind = fault.TooLarge("the catalog takes no question about entities that is this long")
	case status == http.StatusNotFound && structured:
	case status == http.StatusNotFound:
		e.hope = doubtful
		e.Fix = "there is no catalog at this address: discovery.endpoints must lead to the backend that hosts it, with /api/{{pluginId}}"
	case status >= 300 && status < 400:
		e.Fix = "it redirects to another address: discovery.endpoints must lead to the backend itself, not to a page for browsers"
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		e.hope, e.large = passing, status == http.StatusGatewayTimeout
	}
	return e
}

// readBody takes over Backstage's error body, by the rule that its clients go by (core.md 3.1).
func (e *Error) readBody(header http.Header, body []byte) bool {
	var wire struct {
		Error *struct {
			Name, Message string
		}
		Response *json.RawMessage
	}
	isJSON := strings.HasPrefix(header.Get("Content-Type"), "application/json")
	if !isJSON || json.Unmarshal(body, &wire) != nil || wire.Error == nil || wire.Response == nil {
		return false
	}
	e.Name, e.Message = legible(wire.Error.Name), legible(wire.Error.Message)
	return true
}

// fixOf401 goes by the texts of core.md 4.4 to 4.6.
func fixOf401(message string) string {
	switch {
	case strings.Contains(message, "JWKS endpoint"):
		return "Backstage cannot fetch our keys: its own discovery.endpoints needs an entry for the plugin that calls, whose internal target leads to this server, which must be reachable from there"
	case strings.Contains(message, "Illegal token"):
		return "Backstage does not know our kind of token: is the catalog there of the new backend system (service-to-service tokens by plugin keys)?"
	case strings.Contains(message, "Invalid plugin token"), strings.Contains(message, "Failed plugin token verification"):
		return "Backstage could not verify our token: its discovery.endpoints must lead to this very server for the plugin that calls, and the clocks of both must agree"
	case strings.Contains(message, "user token"), strings.Contains(message, "User token"):
		return "the user's token has ended or cannot be verified there: sign in again; if that does not help, compare the clocks and the auth backends of both"
	default:
		return "compare discovery.endpoints on both sides, and the clocks; `understudy check` tries each step"
	}
}

// retryAfter reads seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0
	}
	if d, err := time.ParseDuration(text + "s"); err == nil && d > 0 {
		return d
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
