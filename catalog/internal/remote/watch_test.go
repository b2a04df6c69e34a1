package remote_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/remote"
)

func jwt(sub string, exp time.Time, n int) string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	return part(`{"typ":"vnd.backstage.plugin","alg":"ES256"}`) + "." +
		part(fmt.Sprintf(`{"sub":%q,"aud":"catalog","iat":1,"exp":%d,"n":%d}`, sub, exp.Unix(), n)) + "." + part("signature")
}

// TestChanged: waiters are told of what changes, all of them by one comparison at a time, and nothing is asked for nobody.
func TestChanged(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a", "b")
	r := p.reader(func(o *remote.Options) { o.Interval = 5 * time.Millisecond })
	if n := len(p.asked()); n != 0 {
		t.Fatalf("%d requests before anybody waits", n)
	}
	// Before the first comparison nothing is known, so that the first wait ends.
	position, err := r.Changed(t.Context(), r.Position())
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(){
		"changed": func() { p.entities[0] = component("a", "2") },
		"came":    func() { p.entities = append(p.entities, component("c", "1")) },
		"went":    func() { p.entities = p.entities[1:] },
	} {
		var group sync.WaitGroup
		next := make([]int64, 4)
		for i := range next {
			group.Go(func() { next[i], _ = r.Changed(t.Context(), position) })
		}
		p.change(change)
		group.Wait()
		for _, n := range next {
			if n <= position {
				t.Errorf("%s: %d after %d", what, n, position)
			}
		}
		position = r.Position()
	}
}

// TestNothingChanged: a wait without a change ends with its context, outlives a restart of the peer, and leaves nothing
// running.
func TestNothingChanged(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a", "b")
	r := p.reader(func(o *remote.Options) {
		o.Interval, o.Patience.Walk = time.Millisecond, 5*time.Millisecond
	})
	position, err := r.Changed(t.Context(), r.Position())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the page was closed")
	from := len(p.asked())
	p.change(func() {
		p.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			switch {
			case n < from+10:
				w.WriteHeader(503)
				return true
			case n == from+30:
				cancel(reason)
			}
			return false
		}
	})
	if next, err := r.Changed(ctx, position); !errors.Is(err, reason) || next != position {
		t.Errorf("%d after %d, %v", next, position, err)
	}
}

// TestPositionWithoutWaiters: while nobody compares, the position moves with time, so that what is kept under it is read
// again.
func TestPositionWithoutWaiters(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	now := time.Now()
	r := p.reader(func(o *remote.Options) { o.Now = func() time.Time { return now } })
	first := r.Position()
	now = now.Add(59 * time.Second)
	if again := r.Position(); again != first {
		t.Errorf("%d after %d within two intervals", again, first)
	}
	now = now.Add(2 * time.Second)
	if later := r.Position(); later != first+1 || r.Position() != later {
		t.Errorf("%d after %d", later, first)
	}
	if len(p.asked()) != 0 {
		t.Errorf("asked %q", p.asked())
	}
}
