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

const (
	outcomeUnauthorized = "unauthorized"
	// userTokenRefused is what Backstage says of the user's token in ours (core.md 4.5).
	userTokenRefused = "Failed user token verification"
)

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
	// users tells that the peer refused the user's token, not ours.
	users bool
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

// failing makes a failure. The caller hears what, which names no address; why, fix and the address are for the log.
func failing(outcome, what, address, fix string, why error) *failure {
	detail := fmt.Errorf("%s: %w", address, why)
	if fix != "" {
		detail = fmt.Errorf("%w; %s", detail, fix)
	}
	return &failure{outcome: outcome, message: "The permission backend " + what + "; the log of this server says why", detail: detail}
}

func unreachable(address string, err error) *failure {
	if errors.Is(err, errNoAnswer) {
		return failing("timeout", "gave no answer in time", address, "", err)
	}
	f := failing("unreachable", "cannot be reached", address, "see that it runs, and that discovery.endpoints has its address", err)
	f.again = true
	return f
}

func malformed(address string, err error) *failure {
	return failing("malformed", "gave an answer that cannot be used", address, "", err)
}

// refused gives a status other than 200 its meaning. None of them is passed on as it is: to a browser a 401 would look like
// a problem with its own sign-in, and a 403 or 404 like an answer about what it asked for.
func refused(address, plugin string, resp *http.Response) *failure {
	said := explanation(resp.Body)
	why := fmt.Errorf("it answered status %d%s", resp.StatusCode, said)
	var f *failure
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized:
		f = failing(outcomeUnauthorized, "does not accept this server's tokens (401)", address,
			fmt.Sprintf("its discovery.endpoints must say where the plugin %q is, and both clocks must agree", plugin), why)
		f.again, f.users = true, strings.Contains(said, userTokenRefused)
	case status == http.StatusForbidden:
		f = failing("forbidden", "refuses to decide for this caller (403)", address, "", why)
	case status == http.StatusNotFound:
		f = failing("missing", "is not where it should be (404)", address,
			"there is no permission plugin: discovery.endpoints must say where it is", why)
	case status >= http.StatusInternalServerError:
		f = failing("failed", fmt.Sprintf("failed (%d)", status), address, "its own log tells more", why)
		f.again = status == http.StatusBadGateway || status == http.StatusServiceUnavailable
	default:
		f = failing("refused", fmt.Sprintf("does not take the question (%d)", status), address,
			"its release may be one that this server does not know", why)
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
