package export

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPacerSpacesRequestsOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(300, nil)
		began := time.Now()
		for range 30 + 50 {
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		// Thirty at once, then five a second.
		if took := time.Since(began); took < 9900*time.Millisecond || took > 10100*time.Millisecond {
			t.Errorf("80 requests took %s", took)
		}
	})
}

func TestPacerLetsNothingPassInAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(600, nil)
		until := time.Now().Add(30 * time.Second)
		p.Pause(until)
		p.Pause(until.Add(-time.Second)) // a refusal of the same moment changes nothing
		if !p.Until().Equal(until) {
			t.Errorf("until %s", p.Until())
		}
		for range 3 {
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if time.Now().Before(until) {
				t.Fatal("a request passed in the pause")
			}
		}
		// Ten a second were too many: three requests need three fifths of a second now.
		if took := time.Since(until); took < 590*time.Millisecond || took > 620*time.Millisecond {
			t.Errorf("3 requests took %s after the pause", took)
		}
		time.Sleep(2 * time.Minute)
		p.mu.Lock()
		p.recover(time.Now())
		share := p.share
		p.mu.Unlock()
		if share != 1 {
			t.Errorf("the rate has recovered to %v", share)
		}
	})
}

func TestPacerWithoutARate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPacer(0, nil)
		began := time.Now()
		for range 10_000 {
			if err := p.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if time.Since(began) != 0 {
			t.Errorf("it took %s", time.Since(began))
		}
		p.Pause(began.Add(time.Hour))
		gone := errors.New("gone")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, gone)
		defer cancel()
		if err := p.Wait(ctx); !errors.Is(err, gone) {
			t.Errorf("%v", err)
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	b := Backoff{Base: time.Second, Cap: time.Minute}
	for failures, bound := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 40: time.Minute, 1000: time.Minute} {
		var longest time.Duration
		for range 1000 {
			longest = max(longest, b.delay(failures))
		}
		if longest > bound || longest < bound*8/10 {
			t.Errorf("after %d failures up to %s, want up to %s", failures, longest, bound)
		}
	}
}
