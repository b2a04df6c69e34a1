package console

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
)

const component = `{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{"name":"NAME","namespace":"default"}}`

func TestEventsTellOfChanges(t *testing.T) {
	t.Parallel()
	f := start(t, &fakeSystem{}, newCatalog(t), "{}")
	l := f.listen(t)
	if got := l.res.Header.Get("Content-Type"); got != "application/x-ndjson; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	if e, _ := l.next(); e.Type != "position" || *e.Position != 0 {
		t.Errorf("first event %+v", e)
	}
	f.catalog.put(t, component)
	if e, _ := l.next(); e.Type != "position" || *e.Position != 1 {
		t.Errorf("after a change %+v", e)
	}
}

func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	f := start(t, &fakeSystem{}, newCatalog(t), "{}")
	l := f.listen(t)
	l.next()
	if err := f.router.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e, _ := l.next(); e.Type != "end" {
		t.Errorf("got %+v", e)
	}
	if _, more := l.next(); more {
		t.Error("the stream goes on")
	}
}

func TestEventsEndWhenTheCatalogCannotBeWatched(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(t)
	catalog.broken = errTest
	f := start(t, &fakeSystem{}, catalog, "{}")
	l := f.listen(t)
	l.next()
	if e, _ := l.next(); e.Type != "end" {
		t.Errorf("got %+v", e)
	}
}

// recorded is a reader in memory, so that a stream can run on a clock of its own.
type recorded struct {
	header http.Header
	lines  chan string
}

func (r *recorded) Header() http.Header { return r.header }
func (r *recorded) WriteHeader(int)     {}
func (r *recorded) Flush()              {}
func (r *recorded) Write(p []byte) (int, error) {
	r.lines <- string(p)
	return len(p), nil
}

func TestEventsOverTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		catalog := newCatalog(t)
		f := &recorded{header: http.Header{}, lines: make(chan string, 1000)}
		e := newEvents(catalog, discard())
		who := auth.UserCredentials("user:default/jane")
		who.ExpiresAt = time.Now().Add(65 * time.Second)
		r, err := http.NewRequestWithContext(auth.WithCredentials(t.Context(), who), http.MethodGet, "/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- e.serve(f, r) }()
		synctest.Wait()
		// A burst is two events: its beginning at once, and where it ended.
		for range 100 {
			catalog.put(t, component)
			synctest.Wait()
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		close(f.lines)
		var got []string
		for line := range f.lines {
			got = append(got, line)
		}
		want := []string{
			`{"type":"position","position":0}`, `{"type":"position","position":1}`, `{"type":"position","position":100}`,
			`{"type":"heartbeat"}`, `{"type":"heartbeat"}`, `{"type":"heartbeat"}`, `{"type":"end"}`,
		}
		for i := range want {
			want[i] += "\n"
		}
		if len(got) != len(want) {
			t.Fatalf("got %q", got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("event %d is %q, want %q", i, got[i], want[i])
			}
		}
	})
}
