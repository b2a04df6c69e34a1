package client

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// call is a document and how it is to be treated.
type call struct {
	document  *document
	variables map[string]any
	metadata  string
	// timeout bounds each try, patience everything.
	timeout, patience time.Duration
	// doubt tells answers that an expired token gets as well: nothing, and empty lists.
	doubt func(json.RawMessage) bool
}

func (c *Client) query(d *document, variables map[string]any, doubt func(json.RawMessage) bool) call {
	return call{document: d, variables: variables, doubt: doubt, timeout: c.options.QueryTimeout, patience: c.options.QueryTimeout}
}

func (c *Client) mutation(d *document, variables map[string]any, metadata string) call {
	return call{document: d, variables: variables, metadata: metadata, timeout: c.options.MutationTimeout, patience: c.options.MutationTimeout}
}

// call gets a token and sends the document with it. An expired token looks like a missing permission or like an empty
// list, so both are believed only of a token that still is somebody's (spacelift.md 5.3). If it is not, a new token and a
// second try are safe for mutations too: nobody executes the mutations of nobody.
func (c *Client) call(ctx context.Context, k call) (answer, *Error) {
	ctx, cancel := context.WithTimeoutCause(ctx, k.patience, tooLong(k.patience))
	defer cancel()
	for renewed := false; ; renewed = true {
		t, err := c.tokens.get(ctx)
		if err != nil {
			return answer{}, err
		}
		a, err := c.ask(ctx, request{
			document: k.document, variables: k.variables, metadata: k.metadata, timeout: k.timeout, token: t.text,
		})
		doubtful := err == nil && k.doubt != nil && k.doubt(a.raw)
		if doubtful && a.partial != nil {
			err, doubtful = a.partial, false
		}
		if err == nil && !doubtful {
			if a.partial != nil {
				c.options.Log.LogAttrs(ctx, slog.LevelDebug, "spacelift left a part of its answer out",
					slog.String("operation", k.document.operation), slog.Any("err", a.partial))
			}
			c.tokens.works(t)
			return a, nil
		}
		if err != nil && err.why != unproven && err.why != refused {
			return answer{}, err
		}
		if err == nil || err.why == unproven {
			alive, probeErr := c.alive(ctx, t)
			if probeErr != nil {
				return answer{}, probeErr
			}
			if alive {
				c.tokens.works(t)
				return a, err
			}
		}
		if renewed {
			return answer{}, c.tokens.useless(t)
		}
		c.options.Log.LogAttrs(ctx, slog.LevelInfo, "spacelift no longer takes our token", slog.String("operation", k.document.operation))
		c.tokens.reject(t)
	}
}

// alive tells whether the token is somebody's.
func (c *Client) alive(ctx context.Context, t *token) (bool, *Error) {
	a, err := c.ask(ctx, request{document: &viewer, token: t.text, timeout: c.options.QueryTimeout})
	if err != nil {
		if err.why == unproven || err.why == refused {
			return false, nil
		}
		return false, err
	}
	return !absent(a.raw), nil
}

// ask sends the document in the size that this Spacelift understands.
func (c *Client) ask(ctx context.Context, r request) (answer, *Error) {
	d := r.document
	r.query = d.full
	if d.minimal == "" {
		return c.tries(ctx, r)
	}
	if c.old.knows(d.operation) {
		r.query = d.minimal
		return c.tries(ctx, r)
	}
	a, err := c.tries(ctx, r)
	if err == nil || err.why != unknownField {
		return a, err
	}
	c.old.remember(d.operation)
	c.options.Log.LogAttrs(ctx, slog.LevelWarn, "spacelift's schema is older than ours: asking for less",
		slog.String("operation", d.operation), slog.Any("err", err.Err))
	r.query = d.minimal
	return c.tries(ctx, r)
}

// tries sends the request until it is answered: again after outages and rate limits, if it may be sent again at all.
func (c *Client) tries(ctx context.Context, r request) (answer, *Error) {
	wait := c.options.RetryDelay
	for try := 1; ; {
		a, err := c.send(ctx, r)
		if err == nil || r.document.once() || ctx.Err() != nil {
			return a, err
		}
		switch err.why {
		case limited:
			// The next turn waits for its end, and fails at once if that is too far off.
		case outage:
			if try++; try > c.options.Tries {
				return answer{}, err
			}
			// Half of it is chance, so that those who failed together do not come back together.
			if pause(ctx, wait/2+rand.N(wait/2+1)) != nil {
				return answer{}, err
			}
			wait *= 2
		default:
			return answer{}, err
		}
		c.metrics.retries.WithLabelValues(r.document.operation).Inc()
		c.options.Log.LogAttrs(ctx, slog.LevelDebug, "spacelift is asked again",
			slog.String("operation", r.document.operation), slog.Int("try", try), slog.Any("err", err))
	}
}

func tooLong(d time.Duration) error { return fmt.Errorf("no answer within %s", d) }

// missing is a stack or a run that is not there, or that the key may not see: Spacelift does not say which.
func missing(what string) *Error {
	return &Error{Code: CodeNotFound, Status: http.StatusNotFound, Message: what + " not found"}
}

// schemas remembers what this Spacelift does not know. After an hour it is asked again, because it may have been upgraded.
type schemas struct {
	now func() time.Time

	mu    sync.Mutex // guards until
	until map[string]time.Time
}

func (s *schemas) knows(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now().Before(s.until[what])
}

func (s *schemas) remember(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until[what] = s.now().Add(time.Hour)
}
