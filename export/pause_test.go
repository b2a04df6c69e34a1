package export

import (
	"context"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// pacedDestination makes requests in their turn, as real ones do.
type pacedDestination struct {
	*fakeDestination
	pacer *Pacer
	// at is the call before which the destination wants to be left alone for a day; reached is told of it.
	at      string
	reached chan struct{}
}

func (d *pacedDestination) turn(ctx context.Context, call string) error {
	if call == d.at {
		d.pacer.Pause(time.Now().Add(24 * time.Hour))
		d.reached <- struct{}{}
	}
	return d.pacer.Wait(ctx)
}

func (d *pacedDestination) Prepare(ctx context.Context, known string, dryRun bool) (Prepared, error) {
	if err := d.turn(ctx, "prepare"); err != nil {
		return Prepared{}, err
	}
	return d.fakeDestination.Prepare(ctx, known, dryRun)
}

func (d *pacedDestination) Submit(ctx context.Context, payload []byte) (Submitted, error) {
	if err := d.turn(ctx, "submit"); err != nil {
		return Submitted{}, err
	}
	return d.fakeDestination.Submit(ctx, payload)
}

func (d *pacedDestination) Poll(ctx context.Context, ticket string) (bool, error) {
	if err := d.turn(ctx, "poll"); err != nil {
		return false, err
	}
	return d.fakeDestination.Poll(ctx, ticket)
}

func (d *pacedDestination) WaitingUntil() time.Time { return d.pacer.Until() }

// TestCancelEndsAPause does not keep a cancelled run until a destination wants to be asked again.
func TestCancelEndsAPause(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"prepare", "submit", "poll"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			paced := &pacedDestination{pacer: NewPacer(0, nil), at: call, reached: make(chan struct{}, 100)}
			r := newRig(t, databasetest.SQLite(t), func(o *Options) {
				paced.fakeDestination = o.Destination.(*fakeDestination)
				paced.tickets = true
				o.Destination = paced
			})
			r.fill(20)
			row := r.begin()
			<-paced.reached
			if _, err := r.cancel(t.Context(), row.id); err != nil {
				t.Fatal(err)
			}
			r.want(r.ended(row.id), statusCancelled)
		})
	}
}
