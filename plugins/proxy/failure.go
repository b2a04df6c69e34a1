package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"syscall"

	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// fail answers for a target that did not, or not to be understood (core.md 10).
func (x *passage) fail(ctx context.Context, w http.ResponseWriter) error {
	stalled := x.caller.Stalled()
	if err := x.in.Context().Err(); err != nil && !stalled {
		return err // nobody is left to be told
	}
	if cause := context.Cause(ctx); cause != nil {
		x.err = cause
	}
	if x.answer.status == http.StatusSwitchingProtocols {
		return nil // the connection was the caller's own until it ended
	}
	if x.in.ContentLength != 0 && (x.cause() != nil || x.dog.uploadErr.Load() != nil) {
		w.Header().Set("Connection", "close") // the rest of the body is not the next request
	}
	if stalled {
		return uploadFailure(os.ErrDeadlineExceeded)
	}
	if broken := x.dog.uploadErr.Load(); broken != nil && !errors.Is(x.err, errSilence) {
		return uploadFailure(*broken)
	}
	status := failureStatus(x.err)
	x.plugin.log.WarnContext(ctx, "a proxied request failed",
		"route", x.e.route, "target", x.url.Host, "status", status, "err", x.err)
	x.answer.status = status
	h := w.Header()
	h["Content-Type"] = nil
	w.WriteHeader(status)
	// A write fails when the caller is gone, and then there is nobody to tell.
	_, _ = io.WriteString(w, failureText(x.in.Host, x.rewritten))
	return nil
}

// uploadFailure is for a caller whose body could not be read to its end: it is too slow, or gone.
func uploadFailure(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &fault.Error{Name: "RequestTimeoutError", Status: http.StatusRequestTimeout, Message: "request body was not received in time"}
	}
	panic(http.ErrAbortHandler)
}

// failureText is upstream's. What the caller sent stands in it, so whatever a browser could take for markup is escaped.
func failureText(host, rewritten string) string {
	const markup = "<>\"'`\\"
	return "Error occurred while trying to proxy: " + escape(host+rewritten, markup)
}

// failureStatus is the status that upstream has for an error: 504 for a target that cannot be reached, breaks off or does
// not answer in time, 502 for one that does not speak HTTP, and else 500.
func failureStatus(err error) int {
	switch {
	case malformed(err):
		return http.StatusBadGateway
	case timedOut(err), unresolved(err), brokenOff(err):
		return http.StatusGatewayTimeout
	default:
		return http.StatusInternalServerError
	}
}

func timedOut(err error) bool {
	netErr, ok := errors.AsType[net.Error](err)
	return ok && netErr.Timeout() || errors.Is(err, errSilence) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}

func unresolved(err error) bool {
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

func brokenOff(err error) bool {
	for _, kind := range []error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	// Net/http has no value for a connection that the target closed before it answered.
	return strings.Contains(err.Error(), "server closed idle connection")
}

// malformed tells by the text where there is no type: net/http keeps the one of these errors to itself.
func malformed(err error) bool {
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return true
	}
	text := err.Error()
	for _, part := range []string{"malformed HTTP", "malformed MIME", "bad Content-Length", "unsupported transfer encoding", "too many transfer encodings"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

var _ router.HandlerFunc = (*Plugin)(nil).serve
