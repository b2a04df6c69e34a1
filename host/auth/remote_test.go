package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// transport answers requests from a function, and counts them.
type transport struct {
	mu     sync.Mutex // guards what follows
	count  int
	answer func(*http.Request) (*http.Response, error)
}

func (f *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.count++
	answer := f.answer
	f.mu.Unlock()
	return answer(r)
}

func (f *transport) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

func respond(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func newRemote(clk *clock, f *transport) *remoteKeys {
	client := newClient()
	client.Transport = f
	return newRemoteKeys(client, clk.Now, newMetrics(nil))
}

func documentOf(t *testing.T, signers ...*keys.Signer) string {
	t.Helper()
	var set keys.Set
	for _, s := range signers {
		set = append(set, s.Public())
	}
	data, err := set.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func headerOf(s *keys.Signer) token.Header {
	return token.Header{Algorithm: s.Public().Algorithm, KeyID: s.Public().ID}
}

func generateKey(t *testing.T) *keys.Signer {
	t.Helper()
	signer, err := keys.Generate("ES256")
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func TestRemoteRefusals(t *testing.T) {
	t.Parallel()
	signer := generateKey(t)
	good := documentOf(t, signer)
	for _, tc := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		want   string
		calls  int
	}{
		{"redirect", respond(302, "", "Location", "http://evil/jwks.json"), "redirects are not followed", 1},
		{"not found", respond(404, ""), errNoDocument.Error(), 1},
		{"other success", respond(204, good), "unexpected status 204", 1},
		{"error", respond(500, good), "unexpected status 500", 1},
		{"no JSON", respond(200, "<html>"), "parse key set", 1},
		{"no keys", respond(200, "{}"), "no list of keys", 1},
		{"too long", respond(200, good+strings.Repeat(" ", maxDocument)), "longer than", 1},
		{"too many", respond(200, `{"keys":[`+strings.Repeat("{},", 100)+`{}]}`), "more than 100", 1},
		{"starting", respond(503, ""), "unexpected status 503", 1 + len(startingPauses)},
		{"unreachable", func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") }, "refused", 1 + len(startingPauses)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := &transport{answer: tc.answer}
			r := newRemote(newClock(), f)
			if _, err := r.keys(t.Context(), "http://peer/jwks.json", headerOf(signer)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			if f.calls() != tc.calls {
				t.Errorf("%d requests, want %d", f.calls(), tc.calls)
			}
			// A failure is not remembered.
			f.mu.Lock()
			f.answer = respond(200, good)
			f.mu.Unlock()
			if set, err := r.keys(t.Context(), "http://peer/jwks.json", headerOf(signer)); err != nil || len(set) != 1 {
				t.Errorf("second time: %v, %v", set, err)
			}
		})
	}
}

// TestRefetch walks through the times of core.md 4.6.
func TestRefetch(t *testing.T) {
	t.Parallel()
	clk := newClock()
	first, second := generateKey(t), generateKey(t)
	f := &transport{answer: respond(200, documentOf(t, first))}
	r := newRemote(clk, f)
	ask := func(s *keys.Signer) keys.Set {
		t.Helper()
		set, err := r.keys(t.Context(), "http://peer/jwks.json", headerOf(s))
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	expect := func(calls int) {
		t.Helper()
		if f.calls() != calls {
			t.Fatalf("%d requests, want %d", f.calls(), calls)
		}
	}
	ask(first)
	clk.add(keysFresh - time.Second)
	ask(first)
	expect(1)
	clk.add(time.Second)
	ask(first)
	expect(2)

	// An unknown kid: a few times at once, then not before the window has passed or the pause is over.
	for range forcedFetches + 5 {
		ask(second)
	}
	expect(2 + forcedFetches)
	clk.add(refetchPause - time.Second)
	ask(second)
	expect(2 + forcedFetches)
	clk.add(time.Second)
	ask(second)
	expect(3 + forcedFetches)
	clk.add(forcedWindow - refetchPause)
	ask(second)
	expect(4 + forcedFetches)

	// A rotated key is seen with the next fetch.
	clk.add(refetchPause)
	f.answer = respond(200, documentOf(t, first, second))
	if set := ask(second); !set.Has(second.Public().ID) {
		t.Error("the new key is not seen")
	}
}

// TestSlowIssuer: the fetch ends after its time, says why, and a caller who goes does not wait for it.
func TestSlowIssuer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &transport{answer: func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		}}
		client := newClient()
		client.Transport = f
		r := newRemoteKeys(client, time.Now, newMetrics(nil))
		gone, cancel := context.WithCancel(t.Context())
		impatient := make(chan error, 1)
		go func() {
			_, err := r.keys(gone, "http://peer/jwks.json", token.Header{})
			impatient <- err
		}()
		start := time.Now()
		patient := make(chan error, 1)
		go func() {
			_, err := r.keys(t.Context(), "http://peer/jwks.json", token.Header{})
			patient <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-impatient; !errors.Is(err, context.Canceled) {
			t.Errorf("impatient: %v", err)
		}
		if err := <-patient; err == nil || !strings.Contains(err.Error(), "no answer within 5s") || time.Since(start) != fetchTimeout {
			t.Errorf("patient: %v after %s", err, time.Since(start))
		}
		if f.calls() != 1 {
			t.Errorf("%d requests for two callers", f.calls())
		}
	})
}

// TestManyAddresses: what is remembered is bounded, though callers choose the names.
func TestManyAddresses(t *testing.T) {
	t.Parallel()
	f := &transport{answer: respond(200, `{"keys":[]}`)}
	r := newRemote(newClock(), f)
	for i := range maxDocuments + 10 {
		if _, err := r.keys(t.Context(), fmt.Sprintf("http://peer/%d", i), token.Header{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.documents) > maxDocuments {
		t.Errorf("%d documents", len(r.documents))
	}
}

func writeJSON(w http.ResponseWriter, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// TestFailingFetchesLeaveRoom: tokens of made-up callers need no credentials, and their fetches fail and are tried again. Real
// verifications do not wait for that, and no more requests than slots are under way.
func TestFailingFetchesLeaveRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		signer := generateKey(t)
		good := respond(200, documentOf(t, signer))
		f := &transport{answer: func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "peer" {
				return good(r)
			}
			return nil, errors.New("refused")
		}}
		r := newRemote(newClock(), f)
		var made sync.WaitGroup
		for i := range 2 * parallelFetches {
			made.Go(func() {
				if _, err := r.keys(t.Context(), fmt.Sprintf("http://made-up-%d/jwks.json", i), headerOf(signer)); err == nil {
					t.Error("keys of nobody")
				}
			})
		}
		synctest.Wait()
		if f.calls() != 2*parallelFetches {
			t.Errorf("%d first tries", f.calls())
		}
		began := time.Now()
		if set, err := r.keys(t.Context(), "http://peer/jwks.json", headerOf(signer)); err != nil || len(set) != 1 {
			t.Errorf("%v, %v", set, err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("a real caller waited %s", took)
		}
		made.Wait()
		if want := 1 + 2*parallelFetches*(1+len(startingPauses)); f.calls() != want {
			t.Errorf("%d requests, want %d", f.calls(), want)
		}
		if !r.slots.TryAcquire(parallelFetches) {
			t.Error("a slot is still held")
		}
	})
}
