package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// token is what a key was exchanged for.
type token struct {
	text config.Secret
	// key is the secret that it was exchanged for.
	key config.Secret
	// refresh is from when on a new one is fetched, expires when this one is of no use.
	refresh, expires time.Time
	// worked is set when the token was seen to be somebody's; guarded by the lock of tokens.
	worked bool
}

// tokens holds the account's token and renews it: one exchange at a time, whoever waits for it. While the old token lives
// nobody waits, and a key that was refused is left alone for a while.
type tokens struct {
	now      func() time.Time
	backoff  time.Duration
	exchange func(ctx context.Context, refusedSecret config.Secret) (*token, config.Secret, *Error)
	life     context.Context // ends with the client; bounds exchanges, which outlive the call that began them

	mu      sync.Mutex // guards what follows, and token.worked
	current *token
	flight  *flight
	refusal refusal
}

// flight is an exchange under way. Its fields may be read when done is closed.
type flight struct {
	done  chan struct{}
	token *token
	err   *Error
}

// refusal is how a key was refused last, and for how long it is left alone.
type refusal struct {
	until  time.Time
	wait   time.Duration
	secret config.Secret
	err    *Error
}

// get returns a token that has not expired, as far as is known.
func (t *tokens) get(ctx context.Context) (*token, *Error) {
	t.mu.Lock()
	now, current := t.now(), t.current
	if current != nil && now.Before(current.refresh) {
		t.mu.Unlock()
		return current, nil
	}
	f := t.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		t.flight = f
		go t.fly(context.WithoutCancel(ctx), f)
	}
	t.mu.Unlock()
	if current != nil && now.Before(current.expires) {
		return current, nil
	}
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return nil, gone(ctx, "a token of Spacelift's")
	}
}

func (t *tokens) fly(ctx context.Context, f *flight) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(t.life, func() { cancel(context.Cause(t.life)) })()
	t.mu.Lock()
	resting := t.refusal
	if !t.now().Before(resting.until) {
		resting.secret = config.Secret{}
	}
	t.mu.Unlock()
	fresh, secret, err := t.exchange(ctx, resting.secret)

	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil:
		t.current, t.refusal.until = fresh, time.Time{}
	case err.why == refused:
		err = t.refuse(secret, err, t.backoff)
	case err.why == unchanged:
		err = resting.again(t.now())
	}
	f.token, f.err, t.flight = fresh, err, nil
	close(f.done)
}

// refuse notes that the key is of no use for now. The pause doubles each time, up to five times the usual first one.
func (t *tokens) refuse(secret config.Secret, err *Error, first time.Duration) *Error {
	wait := min(max(2*t.refusal.wait, first), 5*t.backoff)
	t.refusal = refusal{until: t.now().Add(wait), wait: wait, secret: secret, err: err}
	return t.refusal.again(t.now())
}

// again is the refusal as told to one who asks later.
func (r refusal) again(now time.Time) *Error {
	e := *r.err
	e.why, e.RetryAfter = final, max(r.until.Sub(now).Round(time.Second), time.Second)
	return &e
}

// reject forgets a token that Spacelift does not take, unless another has taken its place already.
func (t *tokens) reject(bad *token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == bad {
		t.current = nil
	}
}

// works notes that the token is somebody's, which ends the suspicion against the key.
func (t *tokens) works(good *token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !good.worked {
		good.worked = true
		t.refusal = refusal{}
	}
}

// useless notes that a token fresh from an exchange is nobody's, so that not every call makes another exchange.
func (t *tokens) useless(bad *token) *Error {
	err := &Error{
		Code: CodeAuth, Status: http.StatusServiceUnavailable,
		Message: "Spacelift gives out a token for the API key and then does not take it",
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == bad {
		t.current = nil
		return t.refuse(bad.key, err, t.backoff/12)
	}
	if t.current == nil && t.refusal.err != nil {
		return t.refusal.again(t.now()) // another call has found it out already
	}
	// Another call has exchanged again meanwhile; whether that token is any better shows soon.
	err.RetryAfter = max(t.backoff/12, time.Second)
	return err
}

// expires returns when the current token ends, and whether it lives.
func (t *tokens) expires() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == nil {
		return time.Time{}, false
	}
	return t.current.expires, t.now().Before(t.current.expires)
}

// exchange turns the key into a token. The secret is asked each time, because it may rotate; while a key rests, it is
// tried only if its secret has changed.
func (c *Client) exchange(ctx context.Context, resting config.Secret) (*token, config.Secret, *Error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.options.QueryTimeout, tooLong(c.options.QueryTimeout))
	defer cancel()
	secret, err := c.options.Secret(ctx)
	if err != nil || secret.IsZero() {
		c.metrics.exchanges.WithLabelValues("error").Inc()
		return nil, secret, unread(err)
	}
	if !resting.IsZero() && secret.Equal(resting.Reveal()) {
		return nil, secret, &Error{why: unchanged}
	}
	a, failure := c.ask(ctx, request{
		document: &exchange, variables: map[string]any{"id": c.options.KeyID}, secret: secret, timeout: c.options.QueryTimeout,
	})
	fresh, failure := c.received(a, failure)
	switch {
	case failure == nil:
		fresh.key = secret
		c.metrics.exchanges.WithLabelValues("ok").Inc()
		c.options.Log.LogAttrs(ctx, slog.LevelDebug, "spacelift token exchanged", slog.Time("expires", fresh.expires))
	case failure.why == refused:
		c.metrics.exchanges.WithLabelValues("refused").Inc()
		c.options.Log.LogAttrs(ctx, slog.LevelWarn, "spacelift refused the API key", slog.String("key", c.options.KeyID))
	default:
		c.metrics.exchanges.WithLabelValues("error").Inc()
	}
	return fresh, secret, failure
}

// unread is the error of a secret that cannot be read. Only that of a file is told: whoever reads secrets may well put one
// into another.
func unread(err error) *Error {
	e := &Error{Code: CodeAuth, Status: http.StatusServiceUnavailable, Message: "the secret of the Spacelift API key cannot be read"}
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		e.Message += ": " + file.Error()
	}
	return e
}

// received reads the answer to an exchange. Whether a refusal is null or an error is not documented (spacelift.md 9), so
// both are.
func (c *Client) received(a answer, failure *Error) (*token, *Error) {
	no := &Error{Code: CodeAuth, Status: http.StatusServiceUnavailable, why: refused, Message: "Spacelift refused the API key"}
	if failure != nil {
		switch {
		case failure.why == refused, failure.Code == CodeForbidden, failure.Code == CodeRejected, failure.Code == CodeNotFound:
			return nil, no
		}
		return nil, failure
	}
	var user struct {
		JWT        string  `json:"jwt"`
		ValidUntil seconds `json:"validUntil"`
	}
	if absent(a.raw) || unmarshal(a.raw, &user) != nil || user.JWT == "" {
		return nil, no
	}
	now := c.options.Now()
	life := lifetime(user.JWT, user.ValidUntil, a.date, now)
	early := 30 * time.Second
	if life < 90*time.Second {
		early = life / 3
	}
	return &token{text: config.NewSecret(user.JWT), expires: now.Add(life), refresh: now.Add(life - early)}, nil
}

// lifetime is how long a token that has just come will live: until validUntil, else until its claim exp, by the server's
// clock, which need not be ours. A token that seems to have ended lives for as long as it was made for, else for a minute.
func lifetime(jwt string, validUntil seconds, date, now time.Time) time.Duration {
	c := claimsOf(jwt)
	until := validUntil
	if until <= 0 {
		until = c.Exp
	}
	if !date.IsZero() {
		now = date
	}
	made := time.Duration(0)
	if c.Exp > 0 && c.Iat > 0 {
		made = time.Duration(min(float64(c.Exp-c.Iat), 1e9) * float64(time.Second))
	}
	left := until.time().Sub(now)
	switch {
	case until <= 0, left <= 0:
		left = made
	case made > 0:
		left = min(left, made)
	}
	if left <= 0 {
		return time.Minute
	}
	return left
}

type claims struct {
	Exp seconds `json:"exp"`
	Iat seconds `json:"iat"`
}

// claimsOf reads a token without verifying it: nobody outside has the key (spacelift.md 5.2).
func claimsOf(jwt string) claims {
	var c claims
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return c
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(payload, &c) != nil {
		return claims{}
	}
	return c
}
