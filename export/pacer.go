package export

import (
	"context"
	"sync"
	"time"
)

const (
	// slowest is the smallest part of its rate that a Pacer is slowed down to.
	slowest = 1.0 / 16
	// recovery is how long a Pacer takes to win back one doubling of its rate.
	recovery = time.Minute
)

// Pacer spaces requests out: so many a minute, with a tenth of a minute's worth at once, and none before a time that the
// other side has asked for (export.md 2.5). It is safe for concurrent use.
type Pacer struct {
	now   func() time.Time
	full  float64 // requests a second; zero is any number
	burst float64

	mu     sync.Mutex // guards what follows
	share  float64    // of the full rate, after pauses
	tokens float64
	at     time.Time // when tokens were counted
	until  time.Time
	paused time.Time // when the rate was last lowered, or raised
}

// NewPacer returns a Pacer of so many requests a minute; zero or less is any number. A nil clock is time.Now.
func NewPacer(ratePerMinute int, now func() time.Time) *Pacer {
	if now == nil {
		now = time.Now
	}
	p := &Pacer{now: now, full: float64(max(0, ratePerMinute)) / 60, share: 1}
	p.burst = max(1, float64(ratePerMinute)/10)
	p.tokens, p.at = p.burst, now()
	return p
}

// stopKey is the context's key of what ends pauses.
type stopKey struct{}

// untilStopped returns a context with which a Pacer's pauses, which may last a day, end once stop is closed. Requests that
// are under way go on, unlike when a context ends.
func untilStopped(ctx context.Context, stop <-chan struct{}) context.Context {
	return context.WithValue(ctx, stopKey{}, stop)
}

// Wait returns when a request may be made, or with the cause of the context's end, or of the run's in a pause.
func (p *Pacer) Wait(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		wait, paused := p.take()
		if wait <= 0 {
			return nil
		}
		var stop <-chan struct{}
		if paused {
			stop, _ = ctx.Value(stopKey{}).(<-chan struct{})
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-stop:
			timer.Stop()
			return errCancelled
		case <-timer.C:
		}
	}
}

// take takes one request's worth, or tells how long to wait before asking again, and whether the other side wants that.
func (p *Pacer) take() (wait time.Duration, paused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if wait := p.until.Sub(now); wait > 0 {
		return wait, true
	}
	if p.full == 0 {
		return 0, false
	}
	p.recover(now)
	rate := p.full * p.share
	if passed := now.Sub(p.at).Seconds(); passed > 0 {
		p.tokens = min(p.burst, p.tokens+passed*rate)
	}
	p.at = now
	if p.tokens >= 1 {
		p.tokens--
		return 0, false
	}
	return max(time.Millisecond, time.Duration((1-p.tokens)/rate*float64(time.Second))), false
}

// recover doubles a lowered rate for each quiet minute.
func (p *Pacer) recover(now time.Time) {
	for p.share < 1 && now.Sub(p.paused) >= recovery {
		p.share, p.paused = min(1, p.share*2), p.paused.Add(recovery)
	}
}

// Pause lets nothing pass before the given time, and halves the rate, which recovers within minutes.
func (p *Pacer) Pause(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if !until.After(p.until) {
		return // several requests were refused at once: that is one refusal
	}
	p.until, p.tokens, p.at = until, 0, until
	p.share, p.paused = max(slowest, p.share/2), now
	if until.After(now) {
		p.paused = until
	}
}

// Until is the time before which nothing passes; zero, or past, where there is none.
func (p *Pacer) Until() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}
