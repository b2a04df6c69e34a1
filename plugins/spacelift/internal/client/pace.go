package client

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace bounds what the account sees of us: requests a second, requests at once, and nothing while Spacelift limits us. It
// goes by the real clock, since that is what its waits go by.
type pace struct {
	limiter *rate.Limiter
	slots   chan struct{}

	mu    sync.Mutex // guards until
	until time.Time
}

func newPace(o Options) *pace {
	return &pace{limiter: rate.NewLimiter(rate.Limit(o.RequestsPerSecond), o.Burst), slots: make(chan struct{}, o.InFlight)}
}

// enter waits for its turn. Who got in calls the function that it returns. Who would wait past its deadline fails at once.
func (p *pace) enter(ctx context.Context) (leave func(), err *Error) {
	for {
		if err := p.waitForLimit(ctx); err != nil {
			return nil, err
		}
		if err := p.limiter.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return nil, gone(ctx, "a turn at Spacelift")
			}
			return nil, &Error{
				Code: CodeRateLimited, Status: http.StatusServiceUnavailable, RetryAfter: time.Second, Err: err,
				Message: "too many requests to Spacelift are waiting",
			}
		}
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, gone(ctx, "a turn at Spacelift")
		}
		// The limit may have come while this call waited.
		if p.remaining() == 0 {
			return func() { <-p.slots }, nil
		}
		<-p.slots
	}
}

func (p *pace) waitForLimit(ctx context.Context) *Error {
	for {
		left := p.remaining()
		if left == 0 {
			return nil
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= left {
			// Not to be waited for again, unlike the 429 itself.
			e := tooMany(left)
			e.why = final
			return e
		}
		if err := pause(ctx, left); err != nil {
			return gone(ctx, "the end of Spacelift's rate limit")
		}
	}
}

// hold keeps everybody from asking for a while.
func (p *pace) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.until) {
		p.until = until
	}
}

func (p *pace) remaining() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, time.Until(p.until))
}

// limitedUntil is zero when there is no limit.
func (p *pace) limitedUntil() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Until(p.until) <= 0 {
		return time.Time{}
	}
	return p.until
}

func tooMany(left time.Duration) *Error {
	left = max(left.Round(time.Second), time.Second)
	return &Error{
		Code: CodeRateLimited, Status: http.StatusServiceUnavailable, RetryAfter: left, why: limited,
		Message: fmt.Sprintf("Spacelift limits the requests of this account; it takes them again in %s", left),
	}
}

// pause waits, unless the context ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
