package catalog

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/ledger"
)

// deaf is a database that takes questions and answers none, until it hears again.
type deaf struct {
	ledger.Store
	asked chan struct{}
	hears bool
}

func (d *deaf) Changes(ctx context.Context, _ int64, _ int) ([]ledger.Change, int64, error) {
	if d.hears {
		return nil, 7, nil
	}
	d.asked <- struct{}{}
	<-ctx.Done()
	return nil, 0, ctx.Err()
}

func (d *deaf) Finals(ctx context.Context, _ int, yield func([]ledger.Change) error) (int64, error) {
	// A database that goes on is not late, however long it takes in all.
	for i := range 3 {
		time.Sleep(loadPatience - time.Second)
		uid := string(rune('a' + i))
		body := []byte(`{"kind":"Component","metadata":{"name":"` + uid + `"}}`)
		if err := yield([]ledger.Change{{Ref: "component:default/" + uid, UID: uid, Body: body}}); err != nil {
			return 0, err
		}
	}
	if d.hears {
		return 5, nil
	}
	<-ctx.Done()
	return 0, ctx.Err()
}

func deafTail() (*tail, *deaf) {
	store := &deaf{asked: make(chan struct{}, 10)}
	log := slog.New(slog.DiscardHandler)
	return newTail(ledger.New(store, ledger.Options{}), index.New(index.Options{}), log, tailEvery), store
}

// TestCatchUpKeepsItsContext has one reader of the change log stuck, and another behind it that leaves.
func TestCatchUpKeepsItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tail, store := deafTail()
		stuck := make(chan error, 1)
		start := time.Now()
		go func() { stuck <- tail.catchUp(t.Context()) }()
		<-store.asked
		left := errors.New("the caller left")
		ctx, leave := context.WithCancelCause(t.Context())
		waits := make(chan error, 1)
		go func() { waits <- tail.catchUp(ctx) }()
		synctest.Wait()
		leave(left)
		if err := <-waits; !errors.Is(err, left) || time.Since(start) != 0 {
			t.Errorf("who waited for its turn got %v after %v", err, time.Since(start))
		}
		if err := <-stuck; !errors.Is(err, errSlowChanges) || time.Since(start) != tailPatience {
			t.Errorf("the one stuck got %v after %v", err, time.Since(start))
		}
		store.hears = true
		if err := tail.catchUp(t.Context()); err != nil || tail.index.Snapshot().Position() != 7 {
			t.Errorf("once the database answers: %v, position %d", err, tail.index.Snapshot().Position())
		}
	})
}

// TestReachGivesUp holds that a mutation waits once for the patience of one read, even behind others that are stuck.
func TestReachGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tail, _ := deafTail()
		start := time.Now()
		answers := make(chan error, 5)
		for range cap(answers) {
			go func() { answers <- tail.reach(t.Context(), 1) }()
		}
		for range cap(answers) {
			if err := <-answers; !errors.Is(err, errSlowReach) && !errors.Is(err, errSlowChanges) {
				t.Errorf("reach: %v", err)
			}
		}
		if took := time.Since(start); took != tailPatience {
			t.Errorf("five mutations waited %v, want %v", took, tailPatience)
		}
	})
}

func TestLoadGivesUpOnSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tail, store := deafTail()
		start := time.Now()
		err := tail.load(t.Context())
		if want := 4*loadPatience - 3*time.Second; !errors.Is(err, errSlowChanges) || time.Since(start) != want {
			t.Errorf("load: %v after %v, want %v", err, time.Since(start), want)
		}
		if n := tail.index.Snapshot().Len(); n != 0 {
			t.Errorf("%d entities of a load that failed", n)
		}
		store.hears = true
		if err := tail.load(t.Context()); err != nil || tail.index.Snapshot().Len() != 3 {
			t.Errorf("load: %v, %d entities", err, tail.index.Snapshot().Len())
		}
	})
}
