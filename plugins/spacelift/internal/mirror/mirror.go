package mirror

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/flight"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// Upstream is what the mirror asks of Spacelift.
type Upstream interface {
	Viewer(ctx context.Context) (client.User, error)
	Sweep(ctx context.Context, page func([]client.Stack) error) error
	StacksIn(ctx context.Context, states []string) ([]client.Stack, error)
	Stack(ctx context.Context, id string) (client.StackDetail, error)
	Status() client.Status
}

// Options are what a Mirror works with. All are needed, but for Metrics.
type Options struct {
	Upstream Upstream
	Store    *store.Store
	Log      *slog.Logger
	Metrics  prometheus.Registerer
	Now      func() time.Time
	// Sweep begins the task of that name soon. Its error is that it runs already, or does not exist yet.
	Sweep func(ctx context.Context) error
	// Interval is the time between two sweeps.
	Interval time.Duration
	// Active is how often what moves is looked at, Idle how often is looked for what moves.
	Active, Idle time.Duration
	// Follow is how often the store is looked at.
	Follow time.Duration
	// ReadOnly tells that nothing is triggered, so that the key need not be able to write.
	ReadOnly bool
	// RequestsPerSecond is what we allow ourselves of the account.
	RequestsPerSecond float64
}

// Mirror is described in the package comment. It may be used by many at once.
type Mirror struct {
	opts    Options
	metrics *metrics
	began   time.Time
	current atomic.Pointer[Snapshot]

	reads   *flight.Group
	allowed *rate.Limiter // what readers make us ask

	// refreshing is held by whoever builds a snapshot.
	refreshing sync.Mutex
	stacks     map[string]*Stack // what current was built of; guarded by refreshing
	toldPower  bool              // guarded by refreshing
	// listGzip tells that the compressed list is wanted at once.
	listGzip atomic.Bool

	mu          sync.Mutex // guards what follows
	changed     chan struct{}
	subscribers map[*Subscription]bool
	unknown     map[string]bool // states that were logged

	// live is touched by the one run of Live that this process has.
	live live
}

// Readers make us look at one stack every five seconds at most, and have two fifths of what we allow ourselves, so that
// the tasks and triggers get through whatever readers ask for; a page full of tabs that are opened at once may have more.
const (
	readEvery = 5 * time.Second
	readShare = 0.4
	readBurst = 10
)

// New returns a mirror that knows nothing yet.
func New(opts Options) *Mirror {
	m := &Mirror{
		opts: opts, began: opts.Now(), reads: flight.New(readTimeout), stacks: map[string]*Stack{}, changed: make(chan struct{}),
		subscribers: map[*Subscription]bool{}, unknown: map[string]bool{}, allowed: rate.NewLimiter(rate.Limit(readShare*opts.RequestsPerSecond), readBurst),
	}
	m.current.Store(build(store.State{}, m.stacks, nil))
	m.metrics = newMetrics(opts.Metrics, m)
	return m
}

// Close ends reads that go on for nobody. Run and the tasks have ended.
func (m *Mirror) Close() { m.reads.Close() }

// Snapshot returns what this replica knows. It is never nil.
func (m *Mirror) Snapshot() *Snapshot { return m.current.Load() }

// Run follows the store until ctx ends. It returns nil then.
func (m *Mirror) Run(ctx context.Context) error {
	tick := time.NewTicker(m.opts.Follow)
	defer tick.Stop()
	kick := &kicker{m: m}
	failing := false
	for {
		err := m.Refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			m.opts.Log.Warn("stacks are served as they were: the store cannot be read", "err", err)
		case err == nil:
			kick.look(ctx)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// kicker begins sweeps beside those that the schedule brings: one at start if what we have is old or the last one
// failed, and one when the wait after a failure is over.
type kicker struct {
	m       *Mirror
	started bool
	last    time.Time
}

// fresh is how old a sweep may be to make another one at start needless: replicas that start one after the other share
// one.
const fresh = time.Minute

// kickEvery keeps replicas that lag behind from asking again and again.
const kickEvery = 5 * time.Second

func (k *kicker) look(ctx context.Context) {
	now, st := k.m.opts.Now(), k.m.Snapshot().State
	due := !st.NextAt.IsZero() && !now.Before(st.NextAt)
	if before := st.Failure != nil && st.Failure.At.Before(k.m.began); before && !k.started {
		due = true // a restart may have put it right
	} else if now.Sub(st.SweptAt) < fresh {
		k.started = true
	}
	// At first the schedule may be about to begin one by itself.
	if !due && (k.started || now.Sub(k.m.began) < kickEvery) || now.Sub(k.last) < min(kickEvery, k.m.opts.Active) {
		return
	}
	k.last = now
	// It may run already, or wait for the scheduler to learn of it: then the next look sees to it.
	if err := k.m.opts.Sweep(ctx); err == nil {
		k.started = true
	}
}

// Refresh brings the snapshot up to date with the store.
func (m *Mirror) Refresh(ctx context.Context) error {
	m.refreshing.Lock()
	defer m.refreshing.Unlock()
	old := m.Snapshot()
	d, err := m.opts.Store.Since(ctx, old.State.Change)
	if err != nil || d.State.Change == old.State.Change {
		return err
	}
	// A snapshot keeps its map; the next one gets another.
	next := make(map[string]*Stack, len(m.stacks)+len(d.Stacks))
	if !d.Whole {
		maps.Copy(next, m.stacks)
	}
	var ids []string
	for _, c := range d.Stacks {
		ids = append(ids, c.ID)
		next[c.ID] = newStack(c)
	}
	for _, id := range d.Gone {
		if _, had := next[id]; had {
			ids = append(ids, id)
		}
		delete(next, id)
	}
	snapshot := build(d.State, next, d.Pending)
	ids = append(ids, differing(old.Pending, snapshot.Pending)...)
	if m.listGzip.Load() {
		snapshot.List.Gzip()
	}
	m.stacks = next
	m.current.Store(snapshot)
	m.tellUnknown(snapshot)
	m.tellPower(snapshot)
	m.publish(Change{IDs: ids, All: d.Whole, Status: !d.State.SweptAt.Equal(old.State.SweptAt) || (d.State.Failure == nil) != (old.State.Failure == nil)})
	return nil
}

// differing are the stacks whose pending trigger is another, or has moved on.
func differing(a, b map[string]store.Trigger) []string {
	var ids []string
	for id, t := range a {
		if b[id] != t {
			ids = append(ids, id)
		}
	}
	for id := range b {
		if _, ok := a[id]; !ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// List returns the answer to GET /stacks, compressed if that is wanted.
func (m *Mirror) List(s *Snapshot, compressed bool) []byte {
	if !compressed {
		return s.List.JSON
	}
	m.listGzip.Store(true)
	if zipped := s.List.Gzip(); zipped != nil {
		return zipped
	}
	return nil
}

// firstWait is how long a reader waits for the first sweep.
const firstWait = 10 * time.Second

// Await returns the snapshot once there was a complete sweep. A reader before that waits, ten seconds at most or until
// the sweep fails, whose error it gets; not at all while Spacelift takes no requests for longer than that.
func (m *Mirror) Await(ctx context.Context) (*Snapshot, error) {
	if s := m.Snapshot(); s.Synced() {
		return s, nil
	}
	end := time.Now().Add(firstWait)
	tick := time.NewTicker(firstWait / 20)
	defer tick.Stop()
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		s := m.Snapshot()
		if s.Synced() {
			return s, nil
		}
		if err := m.failure(s); err != nil {
			return nil, err
		}
		if wait := m.opts.Upstream.Status().RateLimitedUntil.Sub(m.opts.Now()); wait > time.Until(end) {
			return nil, &client.Error{
				Code: client.CodeRateLimited, Status: http.StatusServiceUnavailable, RetryAfter: wait,
				Message: "Spacelift takes no more requests for a while; the stacks have not been read yet",
			}
		}
		select {
		case <-changed:
		case <-tick.C:
			if time.Now().After(end) {
				return nil, errFirst()
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func errFirst() error {
	return &client.Error{
		Code: client.CodeUnavailable, Status: http.StatusGatewayTimeout, RetryAfter: firstWait,
		Message: "the stacks are being read from Spacelift for the first time; ask again in a moment",
	}
}

// failure is that of the last sweep, if it was in this process's time: an older one says nothing about now.
func (m *Mirror) failure(s *Snapshot) error {
	f := s.State.Failure
	if f == nil || f.At.Before(m.began) {
		return nil
	}
	return &client.Error{Code: client.Code(f.Code), Status: f.Status, Message: f.Message, RetryAfter: f.RetryAfter}
}

// Health is an error while nothing was ever read and Spacelift cannot be read.
func (m *Mirror) Health(context.Context) error {
	s := m.Snapshot()
	if s.Synced() {
		return nil
	}
	if err := m.failure(s); err != nil {
		return fmt.Errorf("no stack was ever read from Spacelift: %w", err)
	}
	return nil
}

// tellPower logs once that the key can do more than is wanted of it. The caller holds refreshing.
func (m *Mirror) tellPower(s *Snapshot) {
	if m.opts.ReadOnly && s.CanWrite && s.Synced() && !m.toldPower {
		m.toldPower = true
		m.opts.Log.Warn("spacelift.readOnly is set, but the API key may write; a key that may only read would be safer", "key", s.State.KeyName)
	}
}

// tellUnknown logs states that this release does not know, each once.
func (m *Mirror) tellUnknown(s *Snapshot) {
	if s.Unknown == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, stack := range s.Stacks {
		const most = 100
		if known(stack.State) || m.unknown[stack.State] || len(m.unknown) >= most {
			continue
		}
		m.unknown[stack.State] = true
		m.opts.Log.Warn("a stack is in a state that this release does not know; it is passed on as it is", "state", stack.State, "stack", stack.ID)
	}
}
