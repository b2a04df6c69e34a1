package remote_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/remote"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

func TestByRefsInChunks(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a", "b")
	r := p.reader()
	refs := []string{"component:default/a"}
	for i := range 2500 {
		refs = append(refs, fmt.Sprintf("component:default/%d-%s", i, strings.Repeat("x", 60)))
	}
	refs = append(refs, "component:default/b", "component:default/a", "no ref")
	found, err := r.ByRefs(t.Context(), own, refs)
	if err != nil || len(found) != len(refs) || found[0] == nil || found[0].Name() != "a" || found[2501].Name() != "b" || found[2502].Name() != "a" {
		t.Fatalf("%d, %v", len(found), err)
	}
	some := 0
	for _, e := range found {
		if e != nil {
			some++
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if some != 3 || len(p.bodies) < 3 {
		t.Errorf("%d found in %d requests", some, len(p.bodies))
	}
	for _, body := range p.bodies {
		var q struct{ EntityRefs []string }
		if err := json.Unmarshal([]byte(body), &q); err != nil || len(q.EntityRefs) > 1000 || len(body) > 91<<10 {
			t.Errorf("a request of %d refs and %d bytes, %v", len(q.EntityRefs), len(body), err)
		}
	}
	if found, err := r.ByRefs(t.Context(), own, nil); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
}

// TestByRefsOfADisorderlyPeer: entities in the wrong place are no answer.
func TestByRefsOfADisorderlyPeer(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"items":[]}`: "0 items for 2 refs",
		`{"items":[` + component("b", "1") + `,null]}`: "component:default/b where component:default/a was asked for",
		`{}`: "0 items for 2 refs",
	} {
		p := newPeer(t)
		p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			answer(w, 200, body)
			return true
		}
		r := p.reader(func(o *remote.Options) { o.Patience.Refs = 20 * time.Millisecond })
		if found, err := r.ByRefs(t.Context(), own, []string{"component:default/a", "component:default/b"}); err == nil || !strings.Contains(err.Error(), want) || found != nil {
			t.Errorf("%s: %v, %v", body, found, err)
		}
	}
}

func TestByRefsTellsOfUnreadableEntities(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		answer(w, 200, `{"items":[{"kind":"Component"},`+component("b", "1")+`]}`)
		return true
	}
	found, err := p.reader().ByRefs(t.Context(), own, []string{"component:default/a", "component:default/b"})
	one, ok := errors.AsType[*host.EntityError](err)
	if !ok || one.Ref != "component:default/a" || found[0] != nil || found[1].Name() != "b" {
		t.Errorf("%v, %v", found, err)
	}
}

func TestByRef(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a")
	r := p.reader()
	if e, ok, err := r.ByRef(t.Context(), own, "component:default/a"); err != nil || !ok || e.Name() != "a" {
		t.Errorf("%v, %v, %v", e, ok, err)
	}
	for _, ref := range []string{"component:default/b", "nonsense", ""} {
		if _, ok, err := r.ByRef(t.Context(), own, ref); err != nil || ok {
			t.Errorf("%q: %v, %v", ref, ok, err)
		}
	}
	// An empty 404 is no answer of a catalog.
	p.change(func() { p.before = status(404) })
	if _, _, err := r.ByRef(t.Context(), own, "component:default/b"); err == nil {
		t.Error("an empty 404 passes for an answer")
	}
	p.change(func() { p.before = refusing(403, "no") })
	if _, _, err := r.ByRef(t.Context(), own, "component:default/b"); fault.Status(err) != 403 {
		t.Errorf("403 is told as %v", err)
	}
	// Parts of a ref stay parts of the path.
	p.change(func() { p.before = nil })
	if _, ok, err := r.ByRef(t.Context(), own, "component:../a%2fb"); ok || err == nil && p.asked()[len(p.asked())-1] == "GET /api/catalog/entities/by-name/component/a" {
		t.Errorf("%v, %v, %q", ok, err, p.asked())
	}
}

// TestTokens: one token serves until shortly before its end, a refused one is replaced once, and each user has their own.
func TestTokens(t *testing.T) {
	t.Parallel()
	p := newPeer(t, numbered(9)...)
	now, issued := time.Unix(1_800_000_000, 0), 0
	r := p.reader(func(o *remote.Options) {
		o.Now = func() time.Time { return now }
		o.Token = func(_ context.Context, who auth.Credentials) (string, error) {
			issued++
			return jwt(who.String(), now.Add(time.Hour), issued), nil
		}
	})
	for range 3 {
		if _, err := walk(t, r, own, nil); err != nil {
			t.Fatal(err)
		}
	}
	if issued != 1 {
		t.Errorf("%d tokens for three walks", issued)
	}
	// In the middle of a walk its end comes near.
	p.change(func() {
		p.before = func(int, http.ResponseWriter, *http.Request) bool { now = now.Add(40 * time.Minute); return false }
	})
	if names, err := walk(t, r, own, nil); err != nil || len(names) != 9 || issued != 2 {
		t.Errorf("%q, %v, %d tokens", names, err, issued)
	}
	p.change(func() { p.before = nil })
	jane := auth.UserCredentials("user:default/jane")
	if _, _, err := r.ByRef(t.Context(), jane, "component:default/c001"); err != nil || issued != 3 {
		t.Errorf("%v, %d tokens", err, issued)
	}
	// A caller with the plugin's name and limits of their own is another.
	limited := own
	limited.Restrictions = &auth.Restrictions{Actions: []string{"read"}}
	if _, _, err := r.ByRef(t.Context(), limited, "component:default/c001"); err != nil || issued != 4 {
		t.Errorf("%v, %d tokens", err, issued)
	}
	// What is refused is replaced at once, and then only as often as the patience goes.
	p.change(func() { p.before = refusing(401, "Invalid user token") })
	jane.ExpiresAt = now
	before := len(p.asked())
	_, _, err := r.ByRef(t.Context(), jane, "component:default/c001")
	if fault.Status(err) != 401 || len(p.asked())-before != 2 || issued != 6 {
		t.Errorf("%v after %d requests, %d tokens", err, len(p.asked())-before, issued)
	}
	if strings.Contains(fmt.Sprintf("%v %+v", err, err), "eyJ") {
		t.Errorf("a token is in %v", err)
	}
	if i := slices.IndexFunc(p.tokens, func(s string) bool { return s == "" }); i >= 0 {
		t.Error("a request without a token")
	}
}

// TestNoToken: who may not have a token is told why, and nothing is sent.
func TestNoToken(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a")
	r := p.reader(func(o *remote.Options) {
		o.Token = func(context.Context, auth.Credentials) (string, error) {
			return "", fault.NotAllowed("Access to target plugin 'catalog' is restricted and cannot be delegated")
		}
	})
	if _, err := walk(t, r, own, nil); fault.Status(err) != 403 || len(p.asked()) != 0 {
		t.Errorf("%v, %q", err, p.asked())
	}
}
