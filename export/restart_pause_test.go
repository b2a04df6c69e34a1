package export

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// politeDestination refuses with 429 once, and can be told to wait.
type politeDestination struct {
	*fakeDestination
	pacer   *Pacer
	refuse  time.Duration // how long it asks us to wait; zero takes everything
	refused chan struct{}

	mu   sync.Mutex // guards what follows
	held time.Time
}

func (d *politeDestination) Submit(ctx context.Context, payload []byte) (Submitted, error) {
	if err := d.pacer.Wait(ctx); err != nil {
		return Submitted{}, err
	}
	if d.refuse > 0 {
		d.pacer.Pause(time.Now().Add(d.refuse))
		d.refused <- struct{}{}
		return Submitted{}, &Failure{Kind: RateLimited, Status: 429, Message: "slowly", RetryAfter: d.refuse}
	}
	return d.fakeDestination.Submit(ctx, payload)
}

func (d *politeDestination) WaitingUntil() time.Time { return d.pacer.Until() }

func (d *politeDestination) Hold(until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = until
	d.pacer.Pause(until)
}

// TestAPauseSurvivesARestart asks again only when a destination wants that, whichever process it told so.
func TestAPauseSurvivesARestart(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		db := open()
		first := &politeDestination{pacer: NewPacer(0, nil), refuse: time.Hour, refused: make(chan struct{}, 10)}
		r := newRig(t, db, func(o *Options) {
			first.fakeDestination = o.Destination.(*fakeDestination)
			first.limits.Concurrency = 1
			o.Destination = first
		})
		r.fill(5)
		row := r.begin()
		<-first.refused
		for d, err := r.store.destination(t.Context()); d.paused == 0; d, err = r.store.destination(t.Context()) {
			if err != nil || t.Context().Err() != nil {
				t.Fatal(err)
			}
		}
		r.stop()
		second := &politeDestination{fakeDestination: first.fakeDestination, pacer: NewPacer(0, nil)}
		begun := make(chan struct{}, 10)
		r.start(db, func(o *Options) {
			o.Destination = second
			o.Observe = func(moment string) {
				if moment == "sending" {
					begun <- struct{}{}
				}
			}
		})
		<-begun
		second.mu.Lock()
		held := second.held
		second.mu.Unlock()
		if until := first.pacer.Until(); held.Before(until) || held.Sub(until) > time.Millisecond {
			t.Errorf("held until %s, and it was to be %s", held, until)
		}
		if _, err := r.cancel(t.Context(), row.id); err != nil {
			t.Fatal(err)
		}
		r.want(r.ended(row.id), statusCancelled)
		if n := second.called("submit"); n != 0 {
			t.Errorf("%d requests before the time", n)
		}
	})
}
