package remote

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
)

// comparedFields are what a comparison reads of each entity.
var comparedFields = []string{"kind", "metadata.namespace", "metadata.name", "metadata.etag"}

// share is how many times longer than a comparison the wait for the next one is: with a large catalog it would be all that
// the peer does.
const share = 20

// watch finds out that the catalog has changed. It has no goroutine of its own: one of those who wait compares for all.
type watch struct {
	r    *Reader
	seed maphash.Seed
	// turn holds the one token of whoever compares.
	turn chan struct{}

	mu       sync.Mutex // guards what follows
	position int64
	// at is when the catalog was last known as it is at position: a comparison, or the time at which a change was assumed.
	at time.Time
	// every is the interval, with regard to how long comparing takes; due is the next comparison.
	every time.Duration
	due   time.Time
	sum   [2]uint64 // of all refs and etags, and their number
	known bool
	// ill tells that the last comparison failed, which has been logged.
	ill     bool
	changed chan struct{}
}

func newWatch(r *Reader) *watch {
	return &watch{
		r: r, seed: maphash.MakeSeed(), turn: make(chan struct{}, 1), position: 1, at: r.now(), every: r.opts.Interval, changed: make(chan struct{}),
	}
}

// Position counts the changes that comparisons have found, and, while nobody compares, one for each two intervals in which
// there may have been one. So what is kept under a position is read again in time.
func (r *Reader) Position() int64 {
	w := r.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := r.now(); now.Sub(w.at) > 2*w.every {
		w.moved(now)
	}
	return w.position
}

// moved is a change, found or assumed. The caller holds the lock.
func (w *watch) moved(now time.Time) {
	w.position++
	w.at = now
	close(w.changed)
	w.changed = make(chan struct{})
}

// Changed compares on an interval until there was a change. A comparison that fails is logged, and the next one tried: the
// catalog may be restarting. The error is the context's.
func (r *Reader) Changed(ctx context.Context, after int64) (int64, error) {
	w := r.watch
	for {
		w.mu.Lock()
		position, changed := w.position, w.changed
		w.mu.Unlock()
		if position != after {
			return position, nil
		}
		select {
		case <-ctx.Done():
			return after, context.Cause(ctx)
		case <-changed:
		case w.turn <- struct{}{}:
			err := w.once(ctx)
			<-w.turn
			if err != nil {
				return after, err
			}
		}
	}
}

// once waits for the next comparison to be due, and makes it.
func (w *watch) once(ctx context.Context) error {
	w.mu.Lock()
	wait := w.due.Sub(w.r.now())
	w.mu.Unlock()
	if wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	began := w.r.now()
	sum, err := w.compare(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.r.now()
	w.every = max(w.r.opts.Interval, share*now.Sub(began))
	w.due = now.Add(w.every + rand.N(w.every/10+1))
	if err != nil {
		if !w.ill {
			w.r.log.Warn("the catalog cannot be compared with what it was", "err", err)
		}
		w.ill = true
		return nil
	}
	w.ill = false
	if !w.known || sum != w.sum {
		// Of the time before the first comparison nothing is known.
		w.moved(now)
	}
	w.sum, w.known, w.at = sum, true, now
	return nil
}

// compare adds up what tells one state of the catalog from another, in whatever order it comes.
func (w *watch) compare(ctx context.Context) (sum [2]uint64, err error) {
	walk := newWalk(w.r, opCompare, auth.PluginCredentials(w.r.opts.Plugin), nil)
	walk.fields = comparedFields
	err = walk.run(ctx, func(i *item) bool {
		text := binary.AppendUvarint(nil, uint64(len(i.ref)))
		text = append(append(text, i.ref...), i.entity.Etag()...)
		sum[0] += maphash.Bytes(w.seed, text)
		sum[1]++
		return true
	})
	return sum, err
}
