package auth

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// A store is asked for keys that are not known, and now and then; while it does not answer, the keys that are known
// still verify.
func TestStoredKeys(t *testing.T) {
	t.Parallel()
	now := newClock().Now()
	first, second := publicKey(t), publicKey(t)
	set, failure, reads := keys.Set{first}, error(nil), 0
	k := &storedKeys{read: func(context.Context) (keys.Set, error) {
		reads++
		return set, failure
	}}
	look := func(key keys.Public, wantReads int, want error) {
		t.Helper()
		got, err := k.keys(t.Context(), token.Header{KeyID: key.ID, Algorithm: key.Algorithm}, now)
		if !errors.Is(err, want) || err == nil && !got.Has(key.ID) || reads != wantReads {
			t.Errorf("%v, %v after %d reads; want %v after %d", got, err, reads, want, wantReads)
		}
	}
	look(first, 1, nil)
	look(first, 1, nil)
	set = keys.Set{first, second}
	look(second, 2, nil)
	now = now.Add(keysFresh)
	look(first, 3, nil)

	failure = errors.New("the store is away")
	now = now.Add(keysFresh)
	look(first, 4, nil)
	look(second, 4, nil) // the store is left alone for a moment
	now = now.Add(refetchPause)
	look(first, 5, nil)
	look(publicKey(t), 6, failure)

	set, failure = keys.Set{second}, nil
	now = now.Add(refetchPause)
	look(second, 7, nil)
	got, err := k.keys(t.Context(), token.Header{KeyID: first.ID, Algorithm: first.Algorithm}, now)
	if err != nil || got.Has(first.ID) {
		t.Errorf("a withdrawn key is still there: %v, %v", got, err)
	}
}

// A store that stalls is not waited for where its keys are known.
func TestStoredKeysOfAStalledStore(t *testing.T) {
	t.Parallel()
	now, key := newClock().Now(), publicKey(t)
	stalled := false
	k := &storedKeys{read: func(ctx context.Context) (keys.Set, error) {
		if !stalled {
			return keys.Set{key}, nil
		}
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > staleTimeout {
			t.Error("the store may stall for longer")
		}
		return nil, context.DeadlineExceeded
	}}
	for range 2 {
		if set, err := k.keys(t.Context(), token.Header{KeyID: key.ID, Algorithm: key.Algorithm}, now); err != nil || !set.Has(key.ID) {
			t.Errorf("%v, %v", set, err)
		}
		stalled, now = true, now.Add(keysFresh)
	}
}

func publicKey(t *testing.T) keys.Public {
	t.Helper()
	signer, err := keys.Generate(keys.DefaultAlgorithm)
	if err != nil {
		t.Fatal(err)
	}
	return signer.Public()
}
