package export

import (
	"context"
	"strings"
	"sync"
	"time"
)

const (
	// flushEvery is how often progress is written for other replicas, and a wish to cancel is looked for.
	flushEvery = time.Second
	// rateOver is the time over which a running run's rate is measured.
	rateOver = 10 * time.Second
)

// rateMeter remembers how much had been done in the last seconds.
type rateMeter struct {
	at   []time.Time
	done []int
}

// add notes how much is done now and returns the items a second. A number that shrinks begins a new measurement.
func (m *rateMeter) add(now time.Time, done int) float64 {
	if n := len(m.done); n > 0 && done < m.done[n-1] {
		m.at, m.done = nil, nil
	}
	m.at, m.done = append(m.at, now), append(m.done, done)
	for len(m.at) > 2 && now.Sub(m.at[0]) > rateOver {
		m.at, m.done = m.at[1:], m.done[1:]
	}
	seconds := now.Sub(m.at[0]).Seconds()
	if seconds <= 0 {
		return 0
	}
	return float64(done-m.done[0]) / seconds
}

// set changes the row.
func (r *runner) set(f func(row *runRow)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.row)
}

// count changes the counts.
func (r *runner) count(f func(c *Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.progress.Counts)
}

// warn keeps a warning for people: the first ones, and no two alike.
func (r *runner) warn(text string) { r.warnOf(text, "") }

// asIn stands between a warning and the first entity that it was about.
const asIn = ", as in "

// warnOf is warn with an entity for an example: of the same warning about others, nothing is kept.
func (r *runner) warnOf(text, ref string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.progress.Warnings) >= maxWarnings || r.warned[text] {
		return
	}
	r.warned[text] = true
	if ref != "" {
		text += asIn + ref
	}
	r.progress.Warnings = append(r.progress.Warnings, text)
}

// warnedOf is what a run that goes on has warned of.
func warnedOf(warnings []string) map[string]bool {
	warned := make(map[string]bool, len(warnings))
	for _, w := range warnings {
		warned[w] = true
		if i := strings.LastIndex(w, asIn); i >= 0 {
			warned[w[:i]] = true
		}
	}
	return warned
}

// enter begins a phase.
func (r *runner) enter(phase string) {
	r.mu.Lock()
	r.phase = phase
	r.pace = rateMeter{}
	r.mu.Unlock()
	r.observe(phase)
}

// snapshot is the run's row with what is known by now.
func (r *runner) snapshot() runRow {
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.row
	row.phase, row.progress = r.phase, r.progress
	row.progress.Note = r.trouble.note(r.now())
	row.progress.Warnings = append([]string(nil), r.progress.Warnings...)
	return row
}

// measure brings the rate and what follows from it up to date.
func (r *runner) measure() {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, c := &r.progress, &r.progress.Counts
	done := c.Sent + c.Failed
	if r.phase == phasePlan {
		done = c.Read
	}
	p.Rate, p.ETA = r.pace.add(r.now(), done), 0
	if r.phase == phaseWrite && p.Rate > 0 {
		p.ETA = float64(c.Pending) / p.Rate
	}
	p.WaitingUntil = time.Time{}
	if until := r.dest.WaitingUntil(); until.After(r.now()) {
		p.WaitingUntil = until
	}
}

// flush writes the row.
func (r *runner) flush(ctx context.Context) error {
	row := r.snapshot()
	return r.s.saveRun(ctx, r.fence, &row)
}

// report writes the progress every second, and ends the run if somebody wants that, until the returned function is called.
func (r *runner) report(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(flushEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			r.measure()
			if err := r.flush(ctx); err != nil {
				continue // the lease's keeper, or the next chunk, finds out
			}
			if wanted, err := r.s.cancelled(ctx, r.row.id); err == nil && wanted {
				r.stop()
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
	}
}
