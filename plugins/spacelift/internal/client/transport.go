package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// request is one document on its way.
type request struct {
	document  *document
	query     string
	variables map[string]any
	token     config.Secret
	// secret is the variable of that name, which only the exchange of a token has.
	secret config.Secret
	// metadata is attached to the run that a mutation makes (spacelift.md 5.7).
	metadata string
	// timeout bounds the exchange itself, without the wait before it.
	timeout time.Duration
}

// answer is what came back.
type answer struct {
	// raw is the value of the document's root field; empty or null if there is none.
	raw json.RawMessage
	// partial is what is missing in raw, or nil.
	partial *Error
	// date is the server's clock, or zero.
	date time.Time
}

// send waits for its turn, sends the request once, and says what came of it. An *Error with Ambiguous is a mutation of
// which nobody knows whether it took effect.
func (c *Client) send(ctx context.Context, r request) (answer, *Error) {
	if err := c.breaker.closedTo(); err != nil {
		return answer{}, err
	}
	leave, err := c.pace.enter(ctx)
	if err != nil {
		return answer{}, err
	}
	defer leave()
	if err := c.breaker.enter(); err != nil {
		return answer{}, err
	}
	started := time.Now()
	a, err := c.post(ctx, r)
	if err != nil && err.Err != nil && r.hide(err.Err.Error()) != err.Err.Error() {
		err.Err = nil
	}
	c.breaker.record(err)
	c.metrics.requested(r.document.operation, err, time.Since(started))
	if err != nil && err.why == limited {
		c.pace.hold(err.RetryAfter)
	}
	return a, err
}

func (c *Client) post(ctx context.Context, r request) (answer, *Error) {
	limit := fmt.Errorf("no answer within %s", r.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, limit)
	defer cancel()
	sent := &progress{}
	req, err := c.newRequest(httptrace.WithClientTrace(ctx, sent.trace()), r)
	if err != nil {
		return answer{}, &Error{Code: CodeUnavailable, Status: http.StatusBadGateway, Message: "the request to Spacelift could not be built"}
	}
	response, err := c.options.HTTP.Do(req)
	if err != nil {
		return answer{}, lost(ctx, r.document, req.URL.Host, err, sent.mayHaveArrived(ctx))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.options.MaxBody+1))
	if response.StatusCode != http.StatusOK {
		// The status says it all, whether or not the body came.
		return c.refusal(r, response, body)
	}
	switch {
	case err != nil:
		return answer{}, lost(ctx, r.document, req.URL.Host, err, true)
	case int64(len(body)) > c.options.MaxBody:
		return answer{}, nonsense(r.document, fmt.Errorf("more than %d bytes", c.options.MaxBody))
	}
	decoded, err := decodeEnvelope(body)
	if err != nil {
		failure := nonsense(r.document, err)
		if isPage(response, body) {
			failure.Message += ": it is a web page, such as a sign-in, and not an API's"
		}
		return answer{}, failure
	}
	return r.answer(decoded, response)
}

// answer is the envelope's content, or the error that it holds in its place.
func (r *request) answer(e envelope, response *http.Response) (answer, *Error) {
	for i := range e.Errors {
		e.Errors[i].Message = r.hide(e.Errors[i].Message)
	}
	failure := e.failure(r.document)
	raw := e.Data[r.document.field]
	if absent(raw) && failure != nil {
		return answer{}, failure
	}
	date, _ := http.ParseTime(response.Header.Get("Date"))
	return answer{raw: raw, partial: failure, date: date}, nil
}

// hide takes our secrets out of a text that came from elsewhere: servers like to repeat what they did not understand.
func (r *request) hide(text string) string {
	for _, secret := range []config.Secret{r.token, r.secret} {
		if !secret.IsZero() {
			text = strings.ReplaceAll(text, secret.Reveal(), secret.String())
		}
	}
	return text
}

func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	variables := r.variables
	if !r.secret.IsZero() {
		variables = maps.Clone(variables)
		variables["secret"] = r.secret.Reveal()
	}
	body, err := json.Marshal(map[string]any{"query": r.query, "operationName": r.document.operation, "variables": variables})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.options.Endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "understudy")
	req.Header.Set("Spacelift-Client-Type", "understudy")
	if r.document.mutation {
		req.Header.Set("Spacelift-GraphQL-Mutation", r.document.operation)
	} else {
		req.Header.Set("Spacelift-GraphQL-Query", r.document.operation)
	}
	if !r.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+r.token.Reveal())
	}
	if r.metadata != "" {
		req.Header.Set("Spacelift-User-Provided-Run-Metadata", headerText(r.metadata))
	}
	return req, nil
}

// refusal makes an error of a status that is not 200; or an answer, since some servers send GraphQL errors with
// the status of a bad request.
func (c *Client) refusal(r request, response *http.Response, body []byte) (answer, *Error) {
	status := response.StatusCode
	failure := &Error{Code: CodeUnavailable, Status: http.StatusBadGateway, Message: fmt.Sprintf("Spacelift answered with status %d", status)}
	switch {
	case status == http.StatusUnauthorized:
		return answer{}, &Error{
			Code: CodeAuth, Status: http.StatusServiceUnavailable, why: refused, Message: "Spacelift refused our token",
		}
	case status == http.StatusTooManyRequests:
		return answer{}, tooMany(retryAfter(response.Header.Get("Retry-After"), time.Now()))
	case status >= 500 || status == http.StatusRequestTimeout:
		failure.why, failure.Ambiguous = outage, r.document.once()
		if status == http.StatusGatewayTimeout {
			failure.Status = http.StatusGatewayTimeout
		}
	case status >= 300 && status < 400:
		failure.Message += ": this is not the address of a Spacelift account's API"
	case status == http.StatusForbidden:
		failure.Code, failure.Status = CodeForbidden, http.StatusForbidden
	case status == http.StatusNotFound:
		failure.Message += ": there is no GraphQL API at this address"
	case status < 300:
		// Something was done, and nobody says what.
		failure.why, failure.Ambiguous = outage, r.document.once()
	}
	if status == http.StatusBadRequest || status == http.StatusUnprocessableEntity {
		if decoded, err := decodeEnvelope(body); err == nil && len(decoded.Errors) > 0 {
			return r.answer(decoded, response)
		}
	}
	return answer{}, failure
}

// lost is a request whose answer did not come. The texts of net/http hold addresses, but neither headers nor bodies.
func lost(ctx context.Context, d *document, host string, err error, mayHaveArrived bool) *Error {
	ambiguous := d.once() && mayHaveArrived
	if ctx.Err() != nil {
		e := gone(ctx, "Spacelift's answer from "+host)
		e.Ambiguous = ambiguous
		return e
	}
	text := "the connection to Spacelift at " + host + " failed"
	if why := cause(err); why != "" {
		text += ": " + why
	}
	return &Error{Code: CodeUnavailable, Status: http.StatusBadGateway, why: outage, Ambiguous: ambiguous, Err: err, Message: text}
}

// gone is the error of a call whose time is up or whose caller has left, while it waited for something.
func gone(ctx context.Context, waitedFor string) *Error {
	cause := context.Cause(ctx)
	e := &Error{
		Code: CodeUnavailable, Status: http.StatusGatewayTimeout, why: outage, Err: cause,
		Message: fmt.Sprintf("waiting for %s took too long: %v", waitedFor, cause),
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		e.why, e.Message = canceled, "the call to Spacelift was given up"
	}
	return e
}

// nonsense is an answer that is none: a login page, cut JSON, too much of it. A mutation may have taken effect.
func nonsense(d *document, err error) *Error {
	return &Error{
		Code: CodeUnavailable, Status: http.StatusBadGateway, why: outage, Ambiguous: d.once(), Err: err,
		Message: "Spacelift's answer cannot be read",
	}
}

func isPage(response *http.Response, body []byte) bool {
	return strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// retryAfter reads the header in both of its forms. Without one it is a minute (spacelift.md 5.3), and never more than ten.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Minute
	if n, err := strconv.Atoi(strings.TrimSpace(header)); err == nil {
		wait = time.Duration(min(n, 3600)) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, time.Second), 10*time.Minute)
}

// headerText writes a text into a header: what is not printable ASCII is escaped as in Go, because gateways differ in what
// they let through.
func headerText(text string) string {
	const most = 1024
	var b strings.Builder
	for _, r := range text {
		switch {
		case b.Len() > most:
			return b.String()
		case r < ' ' || r == 0x7f:
			b.WriteByte(' ')
		case r < 0x7f:
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return strings.TrimSpace(b.String())
}

// progress follows a request onto the wire. Only a transport that says that it has not yet written has surely sent nothing;
// one that says nothing at all may have sent everything.
type progress struct{ state atomic.Int32 }

const (
	silent int32 = iota
	connecting
	connected
	writing
)

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		// Asked anew when net/http tries again, which it does with a mutation only if nothing of it was written.
		GetConn:      func(string) { p.state.Store(connecting) },
		GotConn:      func(httptrace.GotConnInfo) { p.state.Store(connected) },
		WroteHeaders: func() { p.state.Store(writing) },
		WroteRequest: func(httptrace.WroteRequestInfo) { p.state.Store(writing) },
	}
}

func (p *progress) mayHaveArrived(ctx context.Context) bool {
	switch p.state.Load() {
	case connecting:
		return false
	case connected:
		// net/http does not wait for the end of its writing when the context ends.
		return ctx.Err() != nil
	default:
		return true
	}
}
