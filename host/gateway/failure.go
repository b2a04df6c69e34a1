package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/understudy-portal/understudy/host/fault"
)

// errIdle ends an exchange in which neither side has sent anything for long.
var errIdle = fmt.Errorf("nothing was sent for %s", idleLimit)

// errStopping ends what would not end by itself.
var errStopping = errors.New("the server stops")

// errNoAddress marks a peer whose address cannot be told.
var errNoAddress = errors.New("it has no address")

// failure is why a request could not be passed on: what the caller may know, and for the log the rest.
type failure struct {
	shown   *fault.Error
	plugin  string
	address string
	cause   error
}

// Error is for the log.
func (f *failure) Error() string {
	return fmt.Sprintf("pass on to the plugin %s at %s: %s", f.plugin, f.address, f.cause)
}

// Unwrap is what the caller is shown. The cause is left out, because it names addresses.
func (f *failure) Unwrap() error { return f.shown }

// explain tells by its cause which failure it is.
func (p *passage) explain(cause error) error {
	switch {
	case p.late():
		return &fault.Error{Name: "RequestTimeoutError", Status: http.StatusRequestTimeout, Message: "request body was not received in time"}
	case p.body != nil && p.body.broken() && !errors.Is(cause, errIdle):
		return fault.Input("request body could not be read")
	}
	return &failure{shown: shownFor(p.plugin, cause), plugin: p.plugin, address: p.address, cause: cause}
}

// late reports whether the caller did not send on in time.
func (p *passage) late() bool { return p.body != nil && (p.body.late() || p.caller.Stalled()) }

func shownFor(plugin string, cause error) *fault.Error {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case isTimeout(cause):
		return &fault.Error{
			Name: "GatewayTimeoutError", Status: http.StatusGatewayTimeout,
			Message: fmt.Sprintf("The backend of the plugin '%s' did not answer in time", plugin),
		}
	case errors.As(cause, &dns), errors.As(cause, &op) && op.Op == "dial", errors.Is(cause, errNoAddress):
		return fault.Unavailable("The backend of the plugin '%s' cannot be reached", plugin)
	default:
		return &fault.Error{
			Name: "BadGatewayError", Status: http.StatusBadGateway,
			Message: fmt.Sprintf("The backend of the plugin '%s' broke off before it answered", plugin),
		}
	}
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, errIdle)
}
