package client

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Client reads and changes one Spacelift account. It may be used by many at once. Every error is an *Error, but for those
// that the function given to Sweep returns.
type Client struct {
	options Options
	pace    *pace
	breaker *breaker
	metrics *metrics
	tokens  tokens
	old     schemas
	end     context.CancelCauseFunc
}

// Status is how the connection to the account is.
type Status struct {
	// Breaker is "closed", "half-open" or "open".
	Breaker string
	// TokenExpires is when the token ends; zero when there is none.
	TokenExpires time.Time
	// TokenValid tells whether there is a token that has not expired.
	TokenValid bool
	// RateLimitedUntil is when Spacelift allows requests again; zero when it does not limit us.
	RateLimitedUntil time.Time
	// WholeLists tells that this Spacelift has no search, so that every list of stacks is read whole.
	WholeLists bool
}

var errClosed = errors.New("the client was closed")

// New returns a client. It sends nothing yet.
func New(o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancelCause(context.Background())
	b := newBreaker(o)
	c := &Client{
		options: o, pace: newPace(o), breaker: b, metrics: newMetrics(o.Metrics, b), end: end,
		old: schemas{now: o.Now, until: make(map[string]time.Time)},
	}
	c.tokens = tokens{now: o.Now, backoff: o.KeyBackoff, life: life, exchange: c.exchange}
	return c, nil
}

// Close ends an exchange that is under way and closes idle connections. No call may come later.
func (c *Client) Close() {
	c.end(errClosed)
	c.options.HTTP.CloseIdleConnections()
}

// Status tells how the connection is. It sends nothing.
func (c *Client) Status() Status {
	s := Status{Breaker: c.breaker.circuit.State().String(), RateLimitedUntil: c.pace.limitedUntil(), WholeLists: c.old.knows(noSearch)}
	s.TokenExpires, s.TokenValid = c.tokens.expires()
	return s
}

// Viewer returns who the key's token belongs to.
func (c *Client) Viewer(ctx context.Context) (User, error) {
	a, err := c.call(ctx, c.query(&viewer, nil, absent))
	if err != nil {
		return User{}, err
	}
	var u struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if unmarshal(a.raw, &u) != nil {
		return User{}, nonsense(&viewer, errNoGraphQL)
	}
	return User(u), nil
}

// Stack returns one stack. One that is absent and one that the key may not see are alike CodeNotFound.
func (c *Client) Stack(ctx context.Context, id string) (StackDetail, error) {
	a, err := c.call(ctx, c.query(&oneStack, map[string]any{"id": id}, absent))
	if err != nil {
		return StackDetail{}, err
	}
	if absent(a.raw) {
		return StackDetail{}, missing("stack")
	}
	stack, ok := decodeStack(a.raw)
	if !ok {
		return StackDetail{}, nonsense(&oneStack, errNoID)
	}
	return stack, nil
}

var errNoID = errors.New("no id")

// Runs returns a page of one of a stack's lists of runs, newest first: those before the run named, or the newest. Its
// size is Spacelift's; the list has ended when a page is empty (spacelift.md 5.4). Runs without an id are left out.
func (c *Client) Runs(ctx context.Context, stack string, kind RunKind, before string) ([]Run, error) {
	d := &trackedRuns
	switch kind {
	case Proposed:
		d = &proposedRuns
	case Task:
		d = &tasks
	}
	variables := map[string]any{"stack": stack}
	if before != "" {
		variables["before"] = before
	}
	w, err := c.within(ctx, d, variables)
	if err != nil {
		return nil, err
	}
	runs := make([]Run, 0, len(w.List))
	for _, raw := range w.List {
		if run, ok := decodeRun(raw); ok {
			runs = append(runs, run)
		}
	}
	if dropped := len(w.List) - len(runs); dropped > 0 {
		c.metrics.dropped.WithLabelValues("run").Add(float64(dropped))
		c.options.Log.LogAttrs(ctx, slog.LevelWarn, "spacelift listed runs without an id, which are left out", slog.Int("runs", dropped))
	}
	return runs, nil
}

// Run returns one run of a stack.
func (c *Client) Run(ctx context.Context, stack, run string) (Run, error) {
	w, err := c.within(ctx, &oneRun, map[string]any{"stack": stack, "run": run})
	if err != nil {
		return Run{}, err
	}
	if w.Run == nil || absent(*w.Run) {
		return Run{}, missing("run")
	}
	r, ok := decodeRun(*w.Run)
	if !ok {
		return Run{}, nonsense(&oneRun, errNoID)
	}
	return r, nil
}

// within reads what hangs off a stack.
func (c *Client) within(ctx context.Context, d *document, variables map[string]any) (wireStack, error) {
	a, err := c.call(ctx, c.query(d, variables, absent))
	if err != nil {
		return wireStack{}, err
	}
	if absent(a.raw) {
		return wireStack{}, missing("stack")
	}
	var w wireStack
	if err := unmarshal(a.raw, &w); err != nil {
		return wireStack{}, nonsense(d, err)
	}
	return w, nil
}

// Trigger starts a tracked run and attaches metadata to it, where policies see it (spacelift.md 5.7). It is sent again only
// if it is proven that nothing was executed. An error with Ambiguous leaves open whether a run was made.
func (c *Client) Trigger(ctx context.Context, stack, metadata string) (Run, error) {
	a, err := c.call(ctx, c.mutation(&trigger, map[string]any{"stack": stack}, metadata))
	if err != nil {
		return Run{}, err
	}
	run, ok := decodeRun(a.raw)
	if !ok {
		return Run{}, &Error{
			Code: CodeUnavailable, Status: http.StatusBadGateway, Ambiguous: true, Err: errNoID,
			Message: "Spacelift took the trigger and named no run",
		}
	}
	return run, nil
}

// Comment adds a comment to a run. It is not sent again either.
func (c *Client) Comment(ctx context.Context, stack, run, body string) error {
	a, err := c.call(ctx, c.mutation(&comment, map[string]any{"stack": stack, "run": run, "body": body}, ""))
	if err != nil {
		return err
	}
	if absent(a.raw) {
		return &Error{Code: CodeUnavailable, Status: http.StatusBadGateway, Ambiguous: true, Message: "Spacelift took the comment and returned none"}
	}
	return nil
}
