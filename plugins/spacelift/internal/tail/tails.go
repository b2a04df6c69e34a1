package tail

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// Upstream is what is asked of Spacelift.
type Upstream interface {
	RunDetail(ctx context.Context, stack, run string) (client.RunDetail, error)
	Logs(ctx context.Context, stack, run string, at client.LogPlace) (client.LogPage, error)
}

// Options are what Tails work with. All are needed, but for Metrics and those that say so.
type Options struct {
	Upstream Upstream
	Metrics  prometheus.Registerer
	// RequestsPerSecond is what we allow ourselves of the account, for everything.
	RequestsPerSecond float64
	// Version returns something that changes when anything is known to have happened to the stack.
	Version func(stack string) string
	// Step is by how much each wait is longer than the one before; zero is a second.
	Step time.Duration
	// Most is how many runs are followed at once; zero is 64. MostEach is how many of them by one caller; zero is 8. Keep is how many bytes are kept of all of them; zero is 128 MiB.
	Most, MostEach, Keep int
	// Linger is how long what was read is kept when nobody follows any more; zero is a minute.
	Linger time.Duration
}

const (
	// share and burst are what logs may ask of the account: no more than those who look at stacks (mirror.Turn).
	share = 0.4
	burst = 10
	// keepEach is how many bytes are kept of one run at most.
	keepEach = 4 << 20
)

// Tails are the runs that are followed. They may be used by many at once.
type Tails struct {
	opts    Options
	limiter *rate.Limiter
	metrics *metrics

	life context.Context //nolint:containedctx // the tails' own life, not a request's
	end  context.CancelFunc
	work sync.WaitGroup

	mu    sync.Mutex // guards what follows, and viewers of each tail
	tails map[key]*tail
	// held are the viewers of each caller by the run that they follow.
	held   map[string]map[*tail]int
	closed bool
}

type key struct{ stack, run string }

// New returns tails of nothing yet.
func New(opts Options) *Tails {
	if opts.Step <= 0 {
		opts.Step = time.Second
	}
	if opts.Most <= 0 {
		opts.Most = 64
	}
	if opts.MostEach <= 0 {
		opts.MostEach = 8
	}
	if opts.Keep <= 0 {
		opts.Keep = 128 << 20
	}
	if opts.Linger <= 0 {
		opts.Linger = time.Minute
	}
	t := &Tails{opts: opts, limiter: rate.NewLimiter(rate.Limit(share*opts.RequestsPerSecond), burst), tails: map[key]*tail{}, held: map[string]map[*tail]int{}}
	t.life, t.end = context.WithCancel(context.Background())
	t.metrics = newMetrics(opts.Metrics, t)
	return t
}

// Close ends all tails, and waits for it.
func (t *Tails) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.end()
	t.work.Wait()
}

// Join follows a run from a position on, for a caller, whose name is empty for nobody in particular. It waits until the run
// has been read once, and returns the *client.Error if that fails. Whoever calls it calls Leave.
func (t *Tails) Join(ctx context.Context, who, stack, run string, from Position) (*Viewer, error) {
	one, err := t.enter(who, key{stack, run})
	if err != nil {
		return nil, err
	}
	v := &Viewer{tails: t, tail: one, who: who, at: from}
	if err := one.begun(ctx); err != nil {
		v.Leave()
		return nil, err
	}
	return v, nil
}

// Known reports whether a run is followed, or was a moment ago, and has been read.
func (t *Tails) Known(stack, run string) bool {
	t.mu.Lock()
	one := t.tails[key{stack, run}]
	t.mu.Unlock()
	return one != nil && one.read()
}

// enter adds a viewer to the tail of a run, which it begins if there is none.
func (t *Tails) enter(who string, k key) (*tail, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, &client.Error{Code: client.CodeUnavailable, Status: http.StatusServiceUnavailable, Message: "the server is stopping"}
	}
	one := t.tails[k]
	if one != nil && one.failed() {
		one = nil
	}
	if who != "" && t.held[who][one] == 0 && len(t.held[who]) >= t.opts.MostEach {
		return nil, &client.Error{
			Code: client.CodeRateLimited, Status: http.StatusServiceUnavailable, RetryAfter: 30 * time.Second,
			Message: "you follow the logs of too many runs at once; close a page of a run, or ask again in a moment",
		}
	}
	if one != nil {
		if one.viewers++; one.viewers == 1 {
			signal(one.moved)
		}
		t.hold(who, one)
		return one, nil
	}
	if len(t.tails) >= t.opts.Most && !t.forgetOne() {
		return nil, &client.Error{
			Code: client.CodeRateLimited, Status: http.StatusServiceUnavailable, RetryAfter: 30 * time.Second,
			Message: "the logs of too many runs are followed at once; ask again in a moment",
		}
	}
	one = newTail(t, k)
	one.viewers = 1
	t.hold(who, one)
	t.tails[k] = one
	life, cancel := context.WithCancel(t.life)
	one.cancel = cancel
	t.work.Go(func() {
		defer cancel()
		one.run(life)
	})
	return one, nil
}

// forgetOne makes room by what nobody follows. The caller holds mu.
func (t *Tails) forgetOne() bool {
	for k, one := range t.tails {
		if one.viewers == 0 {
			one.cancel()
			delete(t.tails, k)
			return true
		}
	}
	return false
}

// hold counts a viewer of a caller. The caller of hold holds mu.
func (t *Tails) hold(who string, one *tail) {
	if t.held[who] == nil {
		t.held[who] = map[*tail]int{}
	}
	t.held[who][one]++
}

// leave takes a viewer of a caller away.
func (t *Tails) leave(who string, one *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held[who][one]--; t.held[who][one] == 0 {
		delete(t.held[who], one)
	}
	if len(t.held[who]) == 0 {
		delete(t.held, who)
	}
	if one.viewers--; one.viewers == 0 {
		signal(one.moved)
	}
}

// followed reports whether anybody follows.
func (t *Tails) followed(one *tail) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return one.viewers > 0
}

// forget removes a tail that nobody has come back to. False means that somebody has.
func (t *Tails) forget(one *tail) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.viewers > 0 && !one.failed() && t.life.Err() == nil {
		return false
	}
	if t.tails[one.key] == one {
		delete(t.tails, one.key)
	}
	return true
}

// limit is how many bytes each tail may keep now.
func (t *Tails) limit() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return min(keepEach, t.opts.Keep/max(len(t.tails), 1))
}

// Touch makes those who follow runs of a stack look at once.
func (t *Tails) Touch(stack string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, one := range t.tails {
		if k.stack == stack {
			signal(one.woken)
		}
	}
}

// turn waits until logs may make us ask once more.
func (t *Tails) turn(ctx context.Context) error {
	if err := t.limiter.Wait(ctx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}
