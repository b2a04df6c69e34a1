package client

import (
	"context"
	"time"
)

// Client reads and changes one Spacelift account. It may be used by many at once. Every error is an *Error.
type Client struct {
	options Options
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
}

// New returns a client. It sends nothing yet.
func New(o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Client{options: o}, nil
}

var errNotYet = &Error{Code: CodeUnavailable, Status: 502, Message: "under construction"}

// Viewer returns who the key's token belongs to.
func (c *Client) Viewer(ctx context.Context) (User, error) { return User{}, errNotYet }

// Sweep hands every stack of the account to page.
func (c *Client) Sweep(ctx context.Context, page func([]Stack) error) error { return errNotYet }

// StacksIn returns the stacks that are in one of the states.
func (c *Client) StacksIn(ctx context.Context, states []string) ([]Stack, error) {
	return nil, errNotYet
}

// Stack returns one stack.
func (c *Client) Stack(ctx context.Context, id string) (StackDetail, error) {
	return StackDetail{}, errNotYet
}

// Runs returns a page of runs, newest first.
func (c *Client) Runs(ctx context.Context, stack string, kind RunKind, before string) ([]Run, error) {
	return nil, errNotYet
}

// Run returns one run of a stack.
func (c *Client) Run(ctx context.Context, stack, run string) (Run, error) { return Run{}, errNotYet }

// Trigger starts a tracked run.
func (c *Client) Trigger(ctx context.Context, stack, metadata string) (Run, error) {
	return Run{}, errNotYet
}

// Comment adds a comment to a run.
func (c *Client) Comment(ctx context.Context, stack, run, body string) error { return errNotYet }

// Status tells how the connection is.
func (c *Client) Status() Status { return Status{} }

// Close ends what goes on in the background and closes idle connections.
func (c *Client) Close() {}
