package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/remote"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

// once makes a peer misbehave at its n-th request, counted from one.
func once(at int, f func(w http.ResponseWriter, r *http.Request)) func(int, http.ResponseWriter, *http.Request) bool {
	return func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n != at {
			return false
		}
		f(w, r)
		return true
	}
}

// TestWalkSurvives: whatever happens to one request in the middle, the walk brings each entity once.
func TestWalkSurvives(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(w http.ResponseWriter, r *http.Request){
		"expired token": func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, 401, "AuthenticationError", "Invalid plugin token")
		},
		"starting": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		"restarting": func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, 503, "ServiceUnavailableError", "Service has not started up yet")
		},
		"bad gateway": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) },
		"too many":    func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) },
		"database": func(w http.ResponseWriter, _ *http.Request) {
			refuse(w, 500, "Error", "An internal error occurred logId=1")
		},
		"truncated":  func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"items":[{"kind":"Comp`) },
		"not a page": func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"items":null}`) },
		"html": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>")
		},
		"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"hangs up in the body": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, `{"items":[`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"forgets its cursors": func(w http.ResponseWriter, _ *http.Request) { refuse(w, 400, "InputError", "Malformed cursor: no") },
	} {
		for at := 1; at <= 3; at++ {
			if name == "forgets its cursors" && at == 1 {
				continue // there is none yet
			}
			t.Run(fmt.Sprintf("%s at %d", name, at), func(t *testing.T) {
				t.Parallel()
				p := newPeer(t, numbered(8)...)
				p.before = once(at, f)
				names, err := walk(t, p.reader(), own, nil)
				if err != nil || !slices.Equal(names, numbered(8)) {
					t.Errorf("%q, %v", names, err)
				}
			})
		}
	}
}

// TestWalkIsNeverShort: a walk that lost something says so, and says what.
func TestWalkIsNeverShort(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		before func(n int, w http.ResponseWriter, r *http.Request) bool
		count  func(int) int
		want   string
	}{
		"counts more than there are": {count: func(n int) int { return n + 2 }, want: "it brought 8 entities, the catalog counted 10 when it began and 10 when it ended"},
		"always a broken cursor": {
			before: func(_ int, w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Query().Has("cursor") {
					refuse(w, 400, "InputError", "Malformed cursor: no")
				}
				return r.URL.Query().Has("cursor")
			},
			want: "its cursor broke after 3 entities",
		},
		"in a circle": {
			before: func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				answer(w, 200, `{"items":[`+component("a", "1")+`],"totalItems":8,"pageInfo":{"nextCursor":"same"}}`)
				return true
			},
			want: "leads in a circle after 1 of 8",
		},
		"stays down":     {before: status(503), want: "answered 503"},
		"stays away":     {before: status(404), want: "there is no catalog at this address: discovery.endpoints must lead"},
		"redirects":      {before: status(302), want: "it redirects to another address"},
		"forbids":        {before: status(403), want: "restricted there"},
		"never agrees":   {before: refusing(401, "Illegal token"), want: "of the new backend system"},
		"has no address": {before: refusing(401, "Received a plugin token where the source 'rely' plugin unexpectedly does not have a JWKS endpoint. x"), want: "its own discovery.endpoints needs an entry for the plugin that calls"},
		"is a page": {before: func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<!doctype html>")
			return true
		}, want: `of the type "text/html; charset=utf-8", not JSON; something else answers there`},
		"wants to be left alone": {before: func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
			return true
		}, want: "it wants to be left alone for 1h0m0s"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, numbered(8)...)
			p.before, p.count = c.before, c.count
			_, err := walk(t, p.reader(func(o *remote.Options) { o.Patience.Walk = 300 * time.Millisecond }), own, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), p.URL+"/api/catalog") {
				t.Fatalf("got %v\nwant %q", err, c.want)
			}
			if kind := fault.Status(err); kind != 503 && kind != 403 {
				t.Errorf("callers are told %d", kind)
			}
			if known, ok := errors.AsType[*fault.Error](err); !ok || strings.Contains(known.Error(), "127.0.0.1") {
				t.Errorf("the address is told to callers: %v", known)
			}
		})
	}
}

func status(code int) func(int, http.ResponseWriter, *http.Request) bool {
	return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(code)
		return true
	}
}

func refusing(code int, message string) func(int, http.ResponseWriter, *http.Request) bool {
	return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, code, "AuthenticationError", message)
		return true
	}
}

// TestWalkWhileOthersWrite: what goes ahead of the walk while as much comes behind it looks like a loss, and is made good.
func TestWalkWhileOthersWrite(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(9)...)
	p.before = func(n int, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 2 {
			// c007 goes, and a000 comes where the walk has been.
			p.entities = slices.DeleteFunc(p.entities, func(e string) bool { return nameOf(e) == "c007" })
			p.entities = append([]string{component("a000", "1")}, p.entities...)
		}
		return false
	}
	names, err := walk(t, p.reader(), own, nil)
	want := append(slices.DeleteFunc(numbered(9), func(n string) bool { return n == "c007" }), "a000")
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("%q, %v", names, err)
	}
}

// TestDeletedAhead: what only goes is no loss, and costs one question.
func TestDeletedAhead(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(9)...)
	p.before = func(n int, _ http.ResponseWriter, _ *http.Request) bool {
		if n == 2 {
			p.entities = p.entities[:7]
		}
		return false
	}
	names, err := walk(t, p.reader(), own, nil)
	if err != nil || !slices.Equal(names, numbered(7)) || len(p.asked()) != 4 {
		t.Errorf("%q, %v, %d requests", names, err, len(p.asked()))
	}
}

func TestRepeatsAreDropped(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(3)...)
	p.change(func() {
		p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			answer(w, 200, `{"items":[`+component("a", "1")+`,`+component("b", "1")+`,`+component("A", "2")+`],"totalItems":2,"pageInfo":{}}`)
			return true
		}
	})
	names, err := walk(t, p.reader(), own, nil)
	if err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%q, %v", names, err)
	}
}

// TestDoubledRows: an entity that an older Backstage has twice in its index is counted twice and listed twice, wherever pages
// begin and end.
func TestDoubledRows(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprintf("entity %d", i), func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, numbered(8)...)
			p.entities = slices.Insert(p.entities, i, p.entities[i])
			names, err := walk(t, p.reader(func(o *remote.Options) { o.PageSize = 5 }), own, nil)
			if err != nil || !slices.Equal(names, numbered(8)) {
				t.Errorf("%q, %v", names, err)
			}
		})
	}
}

// TestUnreadableEntities: each is told with its ref, and the rest comes.
func TestUnreadableEntities(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a")
	deep := `{"kind":"Component","metadata":{"name":"deep"},"spec":` + strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000) + "}"
	p.change(func() {
		p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			answer(w, 200, `{"items":[`+component("a", "1")+`,`+deep+`,{"metadata":{"uid":"u7"}},null,`+component("z", "1")+`],"totalItems":5,"pageInfo":{}}`)
			return true
		}
	})
	var names, bad []string
	for e, err := range p.reader().Entities(t.Context(), own, entity.Equal{Key: "kind", Values: []string{"component"}}) {
		if one, ok := errors.AsType[*host.EntityError](err); ok {
			bad = append(bad, one.Ref)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, e.Name())
	}
	if !slices.Equal(names, []string{"a", "z"}) || !slices.Equal(bad, []string{"component:default/deep", "", ""}) {
		t.Errorf("%q, and unreadable %q", names, bad)
	}
}

func TestConsumerStops(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(9)...)
	for _, err := range p.reader().Entities(t.Context(), own, nil) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if n := len(p.asked()); n != 1 {
		t.Errorf("%d requests after the consumer had stopped", n)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(9)...)
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("the run was cancelled")
	p.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if n == 2 {
			cancel(reason)
			w.WriteHeader(503)
		}
		return n == 2
	}
	var last error
	for _, err := range p.reader().Entities(ctx, own, nil) {
		last = err
	}
	if !errors.Is(last, reason) {
		t.Errorf("got %v", last)
	}
}

// TestSmallerPages: a page that is too much for the peer is asked for in parts.
func TestSmallerPages(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(100)...)
	p.before = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("limit") == "40" {
			w.WriteHeader(504)
			return true
		}
		return false
	}
	names, err := walk(t, p.reader(func(o *remote.Options) { o.PageSize = 40 }), own, nil)
	if err != nil || len(names) != 100 {
		t.Errorf("%d, %v", len(names), err)
	}
}

// TestOldPeer: a peer without POST is asked with a filter as narrow as there is, and found out once.
func TestOldPeer(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := newPeer(t, "a", "b")
	p.old = true
	r := p.reader(func(o *remote.Options) { o.Now = func() time.Time { return now } })
	filter := entity.All{Of: []entity.Predicate{
		entity.Equal{Key: "kind", Values: []string{"Component"}}, entity.Not{Of: entity.Equal{Key: "metadata.name", Values: []string{"a"}}},
	}}
	for range 2 {
		if names, err := walk(t, r, own, filter); err != nil || !slices.Equal(names, []string{"b"}) {
			t.Fatalf("%q, %v", names, err)
		}
	}
	const get, post = "GET /api/catalog/entities/by-query", "POST /api/catalog/entities/by-query"
	if got := p.asked(); !slices.Equal(got, []string{post, get, get}) {
		t.Errorf("asked %q", got)
	}
	// It may have been upgraded.
	now = now.Add(time.Hour)
	p.change(func() { p.old = false })
	if names, err := walk(t, r, own, filter); err != nil || !slices.Equal(names, []string{"b"}) {
		t.Fatalf("%q, %v", names, err)
	}
	if got := p.asked(); !slices.Equal(got[3:], []string{post}) {
		t.Errorf("asked %q", got)
	}
}

// TestUnknownPredicate: a predicate that the peer refuses is not sent again; others are.
func TestUnknownPredicate(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a", "b")
	p.before = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n == 1 {
			refuse(w, 400, "InputError", "Invalid query")
		}
		return n == 1
	}
	r := p.reader()
	strange := entity.HasPrefix{Key: "metadata.name", Prefix: "B"}
	for range 2 {
		if names, err := walk(t, r, own, strange); err != nil || !slices.Equal(names, []string{"b"}) {
			t.Fatalf("%q, %v", names, err)
		}
	}
	if names, err := walk(t, r, own, entity.Exists{Key: "kind"}); err != nil || len(names) != 2 {
		t.Fatalf("%q, %v", names, err)
	}
	const get, post = "GET /api/catalog/entities/by-query", "POST /api/catalog/entities/by-query"
	if got := p.asked(); !slices.Equal(got, []string{post, get, get, post}) {
		t.Errorf("asked %q", got)
	}
}

// TestCursorsGoByTheirVerb: one with a query goes by POST (catalog.md 9.2).
func TestCursorsGoByTheirVerb(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(5)...)
	r := p.reader()
	if _, err := walk(t, r, own, entity.Exists{Key: "kind"}); err != nil {
		t.Fatal(err)
	}
	if _, err := walk(t, r, own, nil); err != nil {
		t.Fatal(err)
	}
	const get, post = "GET /api/catalog/entities/by-query", "POST /api/catalog/entities/by-query"
	if got := p.asked(); !slices.Equal(got, []string{post, post, get, get}) {
		t.Errorf("asked %q", got)
	}
}

// TestPersonsAreNotKeptWaiting: on behalf of a user, who waits, it is not tried for long.
func TestPersonsAreNotKeptWaiting(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a")
	p.before = status(503)
	r := p.reader(func(o *remote.Options) { o.Patience.Walk = time.Hour })
	began := time.Now()
	_, err := walk(t, r, auth.UserCredentials("user:default/jane"), nil)
	if err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}
