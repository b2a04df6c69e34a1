package schedule

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

// memory is a store that keeps to the same rules on the clock of the test's bubble. The suite in store_test.go holds the
// real ones to them.
type memory struct {
	mu    sync.Mutex
	table map[string]row
	// down makes every call fail, claims counts them.
	down   bool
	claims int
}

var errDown = errors.New("the database is down")

func newMemory() *memory { return &memory{table: make(map[string]row)} }

func (m *memory) set(change func(m *memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *memory) row(id string) row {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.table[id]
}

// with runs f on the row with the ticket and keeps the outcome.
func (m *memory) with(id, ticket string, f func(r *row)) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return false, errDown
	}
	r, ok := m.table[id]
	if !ok || r.ticket != ticket || ticket == "" {
		return false, nil
	}
	f(&r)
	m.table[id] = r
	return true, nil
}

func (r *row) free() {
	r.ticket, r.started, r.expires, r.lease, r.holder, r.cancelled = "", nil, nil, nil, "", false
}

func after(d time.Duration) *time.Time {
	t := time.Now().Add(d)
	return &t
}

func (m *memory) now(context.Context) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return time.Time{}, errDown
	}
	return time.Now(), nil
}

func (m *memory) register(_ context.Context, id, settings string, first, next *time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return errDown
	}
	r, ok := m.table[id]
	switch {
	case !ok:
		r = row{id: id, next: first}
	case next != nil && (r.next == nil || next.Before(*r.next)):
		r.next = next
	}
	r.settings = settings
	m.table[id] = r
	return nil
}

func (m *memory) rows(context.Context) (map[string]row, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, time.Time{}, errDown
	}
	all := make(map[string]row)
	maps.Copy(all, m.table)
	return all, time.Now(), nil
}

func (m *memory) claim(_ context.Context, id, ticket, holder string, timeout, lease time.Duration) (claim, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return claim{}, false, errDown
	}
	r, ok := m.table[id]
	if !ok || r.ticket != "" || r.next == nil || r.next.After(time.Now()) {
		return claim{}, false, nil
	}
	m.claims++
	r.ticket, r.holder, r.started, r.expires, r.lease = ticket, holder, after(0), after(timeout), after(lease)
	m.table[id] = r
	return claim{id: id, ticket: ticket, start: *r.next, now: time.Now()}, true, nil
}

func (m *memory) renew(_ context.Context, id, ticket string, lease time.Duration) (held, cancelled bool, err error) {
	held, err = m.with(id, ticket, func(r *row) { r.lease, cancelled = after(lease), r.cancelled })
	return held, cancelled, err
}

func (m *memory) release(_ context.Context, id, ticket string, next *time.Time, failure string) (bool, error) {
	return m.with(id, ticket, func(r *row) {
		if next != nil && next.Before(time.Now()) {
			next = after(0)
		}
		r.next, r.lastEnded, r.lastError = next, after(0), failure
		r.free()
	})
}

func (m *memory) handBack(_ context.Context, id, ticket string) (bool, error) {
	return m.with(id, ticket, func(r *row) { r.free() })
}

func (m *memory) expire(_ context.Context, id, ticket, failure string) (done bool, err error) {
	_, err = m.with(id, ticket, func(r *row) {
		if done = r.lease.Before(time.Now()); done {
			r.lastEnded, r.lastError = after(0), failure
			r.free()
		}
	})
	return done, err
}

func (m *memory) change(id string, running bool, f func(r *row)) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.table[id]
	switch {
	case m.down:
		return false, errDown
	case !ok:
		return false, errNoRow
	case (r.ticket != "") != running:
		return false, nil
	}
	f(&r)
	m.table[id] = r
	return true, nil
}

func (m *memory) trigger(_ context.Context, id string) (bool, error) {
	return m.change(id, false, func(r *row) { r.next = after(0) })
}

func (m *memory) requestCancel(_ context.Context, id string) (bool, error) {
	return m.change(id, true, func(r *row) { r.cancelled = true })
}
