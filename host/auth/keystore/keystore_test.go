package keystore_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/keystore"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

var noon = time.Unix(1_795_320_000, 0)

func open(t *testing.T, db *database.Database, purpose string) keys.Store {
	t.Helper()
	store, err := keystore.Open(t.Context(), db, purpose)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func add(t *testing.T, store keys.Store, algorithm string, expires time.Time) keys.Public {
	t.Helper()
	signer, err := keys.Generate(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Add(t.Context(), signer.Public(), expires); err != nil {
		t.Fatal(err)
	}
	return signer.Public()
}

func list(t *testing.T, store keys.Store, now time.Time) keys.Set {
	t.Helper()
	set, err := store.List(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestStore(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, openDB func() *database.Database) {
		db := openDB()
		store := open(t, db, keystore.Service)
		if set := list(t, store, noon); len(set) != 0 {
			t.Errorf("empty store has %v", set)
		}
		var all keys.Set
		for _, algorithm := range []string{"ES256", "ES512", "RS256", "EdDSA"} {
			all = append(all, add(t, store, algorithm, noon.Add(time.Hour)))
		}
		short := add(t, store, "ES256", noon.Add(time.Minute))

		other := open(t, openDB(), keystore.Service)
		set := list(t, other, noon)
		if len(set) != len(all)+1 {
			t.Fatalf("another replica sees %d keys", len(set))
		}
		for _, want := range all {
			found := set.Find(want.ID, want.Algorithm)
			if len(found) != 1 || !sameKey(found[0], want) {
				t.Errorf("%s: came back as %v", want.Algorithm, found)
			}
		}
		if users := list(t, open(t, db, keystore.User), noon); len(users) != 0 {
			t.Errorf("keys of another purpose: %v", users)
		}
		if set = list(t, other, noon.Add(time.Minute)); set.Has(short.ID) || len(set) != len(all) {
			t.Errorf("at its end a key is still there: %v", set)
		}
		// Expired keys are gone for good, not just hidden.
		if set = list(t, store, noon); set.Has(short.ID) {
			t.Error("an expired key was not removed")
		}
		if err := store.Add(t.Context(), all[0], noon.Add(time.Hour)); err == nil {
			t.Error("a key id that is there already was taken")
		}
	})
}

// TestTwoReplicas: each verifies what the other signed, from the first token on, while both rotate.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, openDB func() *database.Database) {
		var mu sync.Mutex
		now := noon
		clock := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}
		ring := func() *keys.Ring {
			return keys.NewRing(keys.RingOptions{
				Store: open(t, openDB(), keystore.User), Rotate: time.Hour, Keep: 3 * time.Hour, Now: clock,
			})
		}
		a, b := ring(), ring()
		for hour := range 5 {
			var group sync.WaitGroup
			for _, sides := range [][2]*keys.Ring{{a, b}, {b, a}} {
				for range 4 {
					group.Go(func() {
						if err := passes(t.Context(), sides[0], sides[1], clock()); err != nil {
							t.Errorf("hour %d: %v", hour, err)
						}
					})
				}
			}
			group.Wait()
			if set := list(t, open(t, openDB(), keystore.User), clock()); len(set) != 2*min(hour+1, 3) {
				t.Errorf("hour %d: %d keys published", hour, len(set))
			}
			mu.Lock()
			now = now.Add(time.Hour)
			mu.Unlock()
		}
	})
}

// passes signs with one ring and verifies with the other's keys.
func passes(ctx context.Context, from, to *keys.Ring, now time.Time) error {
	signer, err := from.Signer(ctx)
	if err != nil {
		return err
	}
	text, err := token.SignUser(signer, token.UserClaims{Subject: "user:default/jane", IssuedAt: now, Expires: now.Add(time.Hour)})
	if err != nil {
		return err
	}
	set, err := to.Keys(ctx)
	if err != nil {
		return err
	}
	parsed, err := token.Parse(text)
	if err != nil {
		return err
	}
	_, err = parsed.Verify(set, now)
	return err
}

func sameKey(a, b keys.Public) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && string(x) == string(y)
}
