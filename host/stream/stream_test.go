package stream

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func request(ctx context.Context, t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func lasting(ctx context.Context, send func(any) bool) {
	send(map[string]int{"n": 1})
	<-ctx.Done()
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		who := auth.UserCredentials("user:default/jane")
		who.ExpiresAt = time.Now().Add(45 * time.Second)
		w := httptest.NewRecorder()
		if err := New(1).Serve(w, request(auth.WithCredentials(t.Context(), who), t), lasting); err != nil {
			t.Fatal(err)
		}
		want := "{\"n\":1}\n{\"type\":\"heartbeat\"}\n{\"type\":\"heartbeat\"}\n{\"type\":\"end\"}\n"
		if w.Body.String() != want || !w.Flushed {
			t.Errorf("got %q", w.Body)
		}
		for name, value := range map[string]string{"Content-Type": "application/x-ndjson; charset=utf-8", "Cache-Control": "no-store, no-transform"} {
			if got := w.Header().Get(name); got != value {
				t.Errorf("%s: %q", name, got)
			}
		}
	})
}

func TestAStreamGetsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := httptest.NewRecorder()
		if err := New(1).Serve(w, request(t.Context(), t), lasting); err != nil {
			t.Fatal(err)
		}
		if age := time.Since(began); age != maxAge || !strings.HasSuffix(w.Body.String(), "{\"type\":\"end\"}\n") {
			t.Errorf("ended after %s: %q", age, w.Body)
		}
	})
}

func TestAStreamEndsWithItsFeed(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	err := New(1).Serve(w, request(t.Context(), t), func(_ context.Context, send func(any) bool) { send("last") })
	if want := "\"last\"\n{\"type\":\"end\"}\n"; err != nil || w.Body.String() != want {
		t.Errorf("got %q, %v", w.Body, err)
	}
}

func TestAReaderWhoLeavesEndsTheFeed(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	ended := false
	w := httptest.NewRecorder()
	err := New(1).Serve(w, request(ctx, t), func(ctx context.Context, send func(any) bool) {
		leave()
		<-ctx.Done()
		ended = !send("too late")
	})
	if err != nil || !ended || strings.Contains(w.Body.String(), "end") {
		t.Errorf("ended %v, got %q, %v", ended, w.Body, err)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := New(1)
	err := s.Serve(httptest.NewRecorder(), request(t.Context(), t), func(context.Context, func(any) bool) {
		w := httptest.NewRecorder()
		err := s.Serve(w, request(t.Context(), t), lasting)
		if !fault.Is(err, fault.NameServiceUnavailable) || w.Header().Get("Retry-After") != "30" {
			t.Errorf("a second stream: %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	if len(s.slots) != 0 {
		t.Error("the slot is not free again")
	}
}

// nested opens n streams within each other, and returns the error of the last.
func nested(ctx context.Context, t *testing.T, s *Streams, n int) (err error) {
	t.Helper()
	if n == 0 {
		return nil
	}
	own := s.Serve(httptest.NewRecorder(), request(ctx, t), func(context.Context, func(any) bool) { err = nested(ctx, t, s, n-1) })
	if own != nil {
		return own
	}
	return err
}

func TestOneCallerDoesNotHaveThemAll(t *testing.T) {
	t.Parallel()
	s := New(3 * mostEach)
	jane := auth.WithCredentials(t.Context(), auth.UserCredentials("user:default/jane"))
	john := auth.WithCredentials(t.Context(), auth.UserCredentials("user:default/john"))
	for range 2 { // they are given back
		if err := nested(jane, t, s, mostEach); err != nil {
			t.Errorf("%d streams: %v", mostEach, err)
		}
		if err := nested(jane, t, s, mostEach+1); !fault.Is(err, fault.NameServiceUnavailable) {
			t.Errorf("one more: %v", err)
		}
	}
	if err := nested(t.Context(), t, s, mostEach+1); err != nil {
		t.Errorf("where nobody signs in: %v", err)
	}
	err := s.Serve(httptest.NewRecorder(), request(john, t), func(context.Context, func(any) bool) {
		if err := nested(jane, t, s, mostEach); err != nil {
			t.Errorf("beside another's: %v", err)
		}
	})
	if err != nil || len(s.slots) != 0 || len(s.held) != 0 {
		t.Errorf("%v; %d slots, %v held", err, len(s.slots), s.held)
	}
}

func TestAFeedThatPanicsEndsItsRequestAlone(t *testing.T) {
	t.Parallel()
	s, w := New(1), httptest.NewRecorder()
	defer func() {
		text, _ := recover().(string)
		if !strings.HasPrefix(text, "event feed: broken\n") || !strings.Contains(text, "stream_test.go") || strings.Contains(w.Body.String(), "end") {
			t.Errorf("panic %q, body %q", text, w.Body)
		}
		if len(s.slots) != 0 {
			t.Error("the slot is not free again")
		}
	}()
	_ = s.Serve(w, request(t.Context(), t), func(context.Context, func(any) bool) { panic("broken") })
	t.Error("it went on")
}
