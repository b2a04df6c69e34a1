package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/trigger"
)

// Codes beside those of the client.
const (
	codeConflict = "CONFLICT"
	codeReadOnly = "READ_ONLY"
	codeInvalid  = "INVALID"
	// codeNotAllowed is a policy's no; codeUndecided that nobody could be asked for one.
	codeNotAllowed = "NOT_ALLOWED"
	codeUndecided  = "PERMISSION_UNAVAILABLE"
)

// readOnlyText is the official plugin's (spacelift.md 1).
const readOnlyText = "Trigger functionality is disabled. Plugin is in read-only mode."

// problem is an error of the plugin's own.
type problem struct {
	status        int
	code, message string
	details       any
	retryAfter    time.Duration
}

func (p *problem) Error() string { return p.message }

func invalid(format string, args ...any) error {
	return &problem{status: http.StatusBadRequest, code: codeInvalid, message: fmt.Sprintf(format, args...)}
}

func readOnly() error {
	return &problem{status: http.StatusForbidden, code: codeReadOnly, message: readOnlyText}
}

// noActions is readOnly for what is done with runs.
func noActions() error {
	return &problem{status: http.StatusForbidden, code: codeReadOnly, message: "Runs cannot be changed here. Plugin is in read-only mode."}
}

func notAllowed(message string) error {
	return &problem{status: http.StatusForbidden, code: codeNotAllowed, message: message}
}

// errorView is the body of an error. The official frontend shows error as a text.
type errorView struct {
	Error     string `json:"error"`
	Code      string `json:"code,omitempty"`
	Details   any    `json:"details,omitempty"`
	RequestID string `json:"requestId,omitempty"`
}

// problemOf gives an error the plugin's form; nil if it is none of ours, which the framework answers.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if p, ok := errors.AsType[*trigger.PendingError](err); ok {
		return &problem{
			status: http.StatusConflict, code: codeConflict, message: p.Error(),
			details: map[string]any{"trigger": p.Holder.ID, "requestedBy": p.Holder.Person, "requestedAt": p.Holder.CreatedAt},
		}
	}
	e, ok := errors.AsType[*client.Error](err)
	if !ok {
		return undecided(err)
	}
	p := &problem{status: e.Status, code: string(e.Code), message: e.Message, retryAfter: e.RetryAfter}
	if p.status < 400 || p.status > 599 || p.status == http.StatusUnauthorized {
		// A browser would take 401 for a problem with the portal's own sign-in.
		p.status = http.StatusServiceUnavailable
	}
	return p
}

// answer writes the plugin's errors, and leaves others to the framework.
func (a *API) answer(w http.ResponseWriter, r *http.Request, err error) error {
	if err == nil {
		return nil
	}
	p := problemOf(err)
	if p == nil || r.Context().Err() != nil {
		return err
	}
	if p.status >= http.StatusInternalServerError {
		a.Log.WarnContext(r.Context(), "a request could not be served", "code", p.code, "status", p.status, "err", err, "path", router.RelativePath(r))
	}
	if p.retryAfter > 0 {
		seconds := int((p.retryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	return router.WriteJSON(w, r, p.status, a.errorView(r, p))
}

func (a *API) errorView(r *http.Request, p *problem) errorView {
	return errorView{Error: p.message, Code: p.code, Details: p.details, RequestID: router.RequestID(r.Context())}
}
