package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/fault"
)

// The operations, as metrics and errors name them.
const (
	opWalk    = "walk"
	opCompare = "compare"
	opRefs    = "by-refs"
	opName    = "by-name"
)

// request is one read. It may be sent any number of times.
type request struct {
	operation, method, path string
	body                    []byte
	// timeout is for each attempt, patience for all of them.
	timeout, patience time.Duration
	// most bounds the body of an answer.
	most int64
	// decode reads the body of a 200. Its error counts as an answer that arrived damaged.
	decode func(body []byte) error
	// final reports whether an error is what the caller wants to know at once; nil says never.
	final func(e *Error) bool
}

// do sends a request until it is answered, or until repeating it is of no use any more. The error is an *Error, or the
// context's.
func (r *Reader) do(ctx context.Context, s *session, q request) error {
	began := time.Now()
	var doubt time.Time // since when answers are doubtful
	refused := ""
	for try := 0; ; try++ {
		e := r.attempt(ctx, s, q, refused)
		if e == nil {
			return nil
		}
		sent := e.token
		e.token = ""
		if ctx.Err() != nil {
			return fmt.Errorf("read the catalog: %w", context.Cause(ctx))
		}
		if q.final != nil && q.final(e) || e.hope == hopeless {
			return e
		}
		if e.Status == http.StatusUnauthorized && refused == "" {
			refused = sent
			r.meter.retried(q.operation, "token")
			continue // with another token, at once
		}
		left := q.patience - time.Since(began)
		if e.hope == doubtful {
			if doubt.IsZero() {
				doubt = time.Now()
			}
			left = min(left, r.opts.Patience.Doubt-time.Since(doubt))
		} else {
			doubt = time.Time{}
		}
		wait := max(e.RetryAfter, r.pause(try))
		if wait > left || e.Status == http.StatusUnauthorized && s.ended() {
			return r.givenUp(e, s, try, time.Since(began))
		}
		r.meter.retried(q.operation, e.reason())
		if err := sleep(ctx, wait); err != nil {
			return fmt.Errorf("read the catalog: %w", err)
		}
	}
}

// givenUp says how long it was tried.
func (r *Reader) givenUp(e *Error, s *session, try int, took time.Duration) *Error {
	if try > 0 {
		e.Fix = strings.TrimPrefix(fmt.Sprintf("%s; it was asked %d times in %s", e.Fix, try+1, took.Round(time.Millisecond)), "; ")
	}
	if e.RetryAfter > 0 {
		e.Fix += fmt.Sprintf("; it wants to be left alone for %s", e.RetryAfter.Round(time.Second))
	}
	if e.Status == http.StatusUnauthorized && s.who.IsUser() {
		e.kind = fault.Authentication("the catalog does not accept the user's token")
	}
	return e
}

// pause is exponential with jitter: at least half of a bound that doubles.
func (r *Reader) pause(try int) time.Duration {
	bound := r.opts.Patience.Pause << min(try, 5)
	return bound/2 + rand.N(bound/2+1)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// reason is the label of a retry.
func (e *Error) reason() string {
	switch {
	case e.Status == 0:
		return "unreachable"
	case e.Status == http.StatusOK:
		return "damaged"
	case e.Status == http.StatusTooManyRequests:
		return "rate_limited"
	case e.hope == doubtful:
		return "starting"
	default:
		return "server_error"
	}
}

// attempt sends a request once.
func (r *Reader) attempt(ctx context.Context, s *session, q request, refused string) *Error {
	began := time.Now()
	address, err := r.opts.Address(ctx)
	var e *Error
	if err != nil {
		e = unanswered(err)
		e.Fix = "its address has to be looked up, which did not work: see the SRV record that discovery.endpoints names"
	} else {
		e = r.exchange(ctx, s, q, address, refused)
	}
	outcome := "ok"
	if e != nil {
		e.Address, e.Operation = redacted(address), q.operation
		if outcome = e.outcome(); ctx.Err() != nil {
			outcome = "cancelled"
		}
	}
	r.meter.request(q.operation, outcome, time.Since(began))
	return e
}

func (r *Reader) exchange(ctx context.Context, s *session, q request, address, refused string) *Error {
	bearer, err := s.token(ctx, refused)
	if err != nil {
		e := unanswered(fmt.Errorf("no token could be issued: %w", err))
		e.hope, e.Fix = hopeless, ""
		if kind, ok := errors.AsType[*fault.Error](err); ok {
			e.kind = kind
		}
		return e
	}
	limited, cancel := context.WithTimeoutCause(ctx, q.timeout, fmt.Errorf("no whole answer within %s", q.timeout))
	defer cancel()
	status, header, body, err := r.send(limited, q, address, bearer)
	if err != nil {
		large := errors.Is(err, errTooLong)
		if limited.Err() != nil && ctx.Err() == nil {
			err, large = context.Cause(limited), true
		}
		e := unanswered(err)
		e.large = large
		if status == http.StatusOK {
			e = unreadable(err)
			e.large = large
		}
		if errors.Is(err, errTooLong) {
			e.hope = hopeless
		}
		return e
	}
	r.meter.received(q.operation, len(body))
	if status != http.StatusOK {
		e := refusal(q.operation, status, header, body, r.now())
		e.token = bearer
		return e
	}
	if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		e := unreadable(fmt.Errorf("it is of the type %q, not JSON", legible(kind)))
		e.hope = doubtful
		e.Fix = "something else answers there, such as the frontend or a sign-in page: discovery.endpoints must lead to the backend itself"
		return e
	}
	if err := q.decode(body); err != nil {
		return unreadable(err)
	}
	return nil
}

// errTooLong is an answer that is longer than is taken.
var errTooLong = errors.New("the answer is too long")

func (r *Reader) send(ctx context.Context, q request, address, bearer string) (int, http.Header, []byte, error) {
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address+q.path, body)
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Accept", "application/json")
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // the address is told anyway, and the path may hold a long cursor
		}
		if errors.Is(err, errRedirect) && resp != nil {
			_ = resp.Body.Close() // nothing of it is used
			return resp.StatusCode, resp.Header, nil, nil
		}
		return 0, nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(resp.Body, q.most+1))
	if err == nil && int64(len(data)) > q.most {
		err = fmt.Errorf("%w: more than %d bytes", errTooLong, q.most)
	}
	return resp.StatusCode, resp.Header, data, err
}

// redacted is an address without a password.
func redacted(address string) string {
	if u, err := url.Parse(address); err == nil {
		return u.Redacted()
	}
	return "an address that cannot be read"
}
