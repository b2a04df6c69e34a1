package flight_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/flight"
)

func TestManyShareOneQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := flight.New(time.Minute)
		var asked atomic.Int32
		answer := make(chan struct{})
		ask := func(context.Context) (any, error) {
			asked.Add(1)
			<-answer
			return 7, nil
		}
		// Who began it leaves; the others get the answer all the same.
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := g.Do(first, "key", ask); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		for range 10 {
			all.Go(func() {
				if v, err := g.Do(t.Context(), "key", ask); v != 7 || err != nil {
					t.Errorf("%v %v", v, err)
				}
			})
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		close(answer)
		all.Wait()
		if asked.Load() != 1 {
			t.Errorf("asked %d times", asked.Load())
		}
		g.Close()
	})
}

func TestAQuestionEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := flight.New(time.Minute)
		ask := func(ctx context.Context) (any, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		began := time.Now()
		if _, err := g.Do(t.Context(), "key", ask); err == nil || time.Since(began) != time.Minute {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		left, leave := context.WithCancel(t.Context())
		leave()
		if _, err := g.Do(left, "other", ask); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		g.Close() // which ends the other
	})
}
