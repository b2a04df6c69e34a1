package permission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
)

// The limits of one request.
const (
	// askTimeout is below the time that a page waits; a policy that takes longer is a policy to mend.
	askTimeout = 5 * time.Second
	// retryPause is enough for a peer that has just begun to listen.
	retryPause = 200 * time.Millisecond
	// maxAnswer is room for criteria that name everything a user owns.
	maxAnswer    = 8 << 20
	maxErrorBody = 16 << 10
	// maxDetail bounds what is logged of the peer's own explanation.
	maxDetail = 300
)

const outcomeUnauthorized = "unauthorized"

var errNoAnswer = errors.New("no answer came in time")

// failure is why there is no decision.
type failure struct {
	// outcome is the metric's label.
	outcome string
	// message is for the caller, detail for the log alone: the peer's text may tell of its policy.
	message string
	detail  error
	// final, if set, is the answer as it is.
	final error
	// again tells that one more attempt may help.
	again bool
}

// newClient returns a client that keeps connections to the one peer it talks to. It follows no redirects, which could lead
// a token to addresses that nobody configured.
func newClient() *http.Client {
	transport := http.DefaultTransport
	if t, ok := transport.(*http.Transport); ok {
		own := t.Clone()
		own.MaxIdleConnsPerHost = 32
		transport = own
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// rest waits before the second attempt. False means that there is nobody to wait for.
func (s *Service) rest(ctx context.Context) bool {
	timer := time.NewTimer(s.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// post makes one attempt.
func (s *Service) post(ctx context.Context, address, token string, body []byte, plugin string) ([]byte, *failure) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, errNoAnswer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/authorize", bytes.NewReader(body))
	if err != nil {
		return nil, unreachable(address, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, unreachable(address, causeOr(ctx, err))
	}
	defer func() {
		// What little is left is read, so that the connection can be used again.
		_, _ = io.CopyN(io.Discard, resp.Body, maxErrorBody)
		_ = resp.Body.Close()
	}()
	if resp.StatusCode != http.StatusOK {
		return nil, refused(address, plugin, resp)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, unreachable(address, causeOr(ctx, err))
	}
	if len(data) > maxAnswer {
		return nil, malformed(address, fmt.Errorf("the answer is longer than %d bytes", maxAnswer))
	}
	return data, nil
}

// causeOr returns why the context ended, where it is that which ended the call.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func unreachable(address string, err error) *failure {
	if errors.Is(err, errNoAnswer) {
		return &failure{
			outcome: "timeout", detail: fmt.Errorf("%s: %w", address, err),
			message: fmt.Sprintf("The permission backend at %s gave no answer in time", address),
		}
	}
	return &failure{
		outcome: "unreachable", detail: err, again: true,
		message: fmt.Sprintf("The permission backend at %s cannot be reached: see that it runs, and that discovery.endpoints has its address", address),
	}
}

func malformed(address string, err error) *failure {
	return &failure{
		outcome: "malformed", detail: fmt.Errorf("%s: %w", address, err),
		message: fmt.Sprintf("The permission backend at %s gave an answer that cannot be used; the log tells why", address),
	}
}

// refused gives a status other than 200 its meaning. None of them is passed on as it is: to a browser a 401 would look like
// a problem with its own sign-in, and a 403 or 404 like an answer about what it asked for.
func refused(address, plugin string, resp *http.Response) *failure {
	f := &failure{detail: fmt.Errorf("%s/authorize answered status %d%s", address, resp.StatusCode, explanation(resp.Body))}
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized:
		f.outcome, f.again = outcomeUnauthorized, true
		f.message = fmt.Sprintf("The permission backend at %s does not accept this server's tokens (401): its discovery.endpoints must say "+
			"where the plugin %q is, and both clocks must agree", address, plugin)
	case status == http.StatusForbidden:
		f.outcome = "forbidden"
		f.message = fmt.Sprintf("The permission backend at %s refuses to decide for this caller (403)", address)
	case status == http.StatusNotFound:
		f.outcome = "missing"
		f.message = fmt.Sprintf("There is no permission plugin at %s (404): discovery.endpoints must say where it is", address)
	case status >= http.StatusInternalServerError:
		f.outcome = "failed"
		f.again = status == http.StatusBadGateway || status == http.StatusServiceUnavailable
		f.message = fmt.Sprintf("The permission backend at %s failed (%d); its log tells why", address, status)
	default:
		f.outcome = "refused"
		f.message = fmt.Sprintf("The permission backend at %s does not take the question (%d); its release may be one that this server does not know",
			address, status)
	}
	return f
}

// explanation is the error's name and message as the peer tells them, shortened; empty where it says nothing of the kind.
func explanation(body io.Reader) string {
	data, err := io.ReadAll(io.LimitReader(body, maxErrorBody))
	if err != nil {
		return ""
	}
	o, err := entity.ParseObject(data)
	if err != nil {
		return ""
	}
	name, _ := o.Path("error", "name").(string)
	message, _ := o.Path("error", "message").(string)
	text := strings.Trim(name+": "+message, ": ")
	if text == "" {
		return ""
	}
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "…"
	}
	return ": " + text
}
