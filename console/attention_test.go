package console

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/auth"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestAttention(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(
		t,
		`{"kind":"Component","metadata":{"name":"fine"},"relations":[{"type":"ownedBy","targetRef":"group:default/ghosts"},{"type":"dependsOn","targetRef":"component:default/bad"}]}`,
		`{"kind":"Component","metadata":{"name":"bad"},"status":{"items":[{"level":"info","message":"i"},{"level":"error","message":"first"},{"level":"error","message":"second"}]},
		  "relations":[{"type":"ownedBy","targetRef":"group:default/ghosts"},{"type":"partOf","targetRef":"group:default/ghosts"},{"type":"dependsOn","targetRef":"component:default/lost"}]}`,
		`{"kind":"Component","metadata":{"name":"alone","annotations":{"backstage.io/orphan":"true"}}}`,
		`{"kind":"Component","metadata":{"name":"kept","annotations":{"backstage.io/orphan":"false"}},"status":{"items":"odd"},"relations":{"odd":1}}`,
	)
	f := start(t, &fakeSystem{}, catalog, "{}")
	var got attentionView
	f.json(t, "/api/understudy/v1/attention", "user", &got)
	want := attentionView{
		Entities: 4,
		Errors:   attentionList{Count: 1, Items: []attentionItem{{Ref: "component:default/bad", Message: "first"}}},
		Orphans:  attentionList{Count: 1, Items: []attentionItem{{Ref: "component:default/alone"}}},
		Missing: attentionList{Count: 2, Items: []attentionItem{
			{Ref: "group:default/ghosts", Referrers: 2, From: "component:default/fine"},
			{Ref: "component:default/lost", Referrers: 1, From: "component:default/bad"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAttentionShowsOnlyWhatTheCallerMaySee(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(t)
	for i := range attentionKept + 5 {
		catalog.put(t, fmt.Sprintf(`{"kind":"Component","metadata":{"name":"o%02d","annotations":{"backstage.io/orphan":"true"}}}`, i))
	}
	for i := range 3 {
		catalog.hidden[fmt.Sprintf("component:default/o%02d", i)] = true
	}
	v, err := newAttention(catalog).view(t.Context(), auth.UserCredentials("user:default/jane"))
	if err != nil {
		t.Fatal(err)
	}
	if v.Orphans.Count != attentionKept+5 || len(v.Orphans.Items) != attentionItems || v.Orphans.Items[0].Ref != "component:default/o03" {
		t.Errorf("%+v", v.Orphans)
	}
}

// TestAttentionAsksOnce: with permissions each reading of the catalog is a question to another server.
func TestAttentionAsksOnce(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(t)
	for i := range attentionKept + 5 {
		catalog.put(t, fmt.Sprintf(`{"kind":"Component","metadata":{"name":"o%02d","annotations":{"backstage.io/orphan":"true"}},
			"status":{"items":[{"level":"error","message":"m"}]},"relations":[{"type":"ownedBy","targetRef":"group:default/g%02d"}]}`, i, i))
	}
	a := newAttention(catalog)
	v, err := a.view(t.Context(), auth.UserCredentials("user:default/jane"))
	if err != nil || len(v.Errors.Items) != attentionItems || len(v.Orphans.Items) != attentionItems || len(v.Missing.Items) != attentionItems {
		t.Fatalf("%+v %v", v, err)
	}
	if catalog.reads != 1 {
		t.Errorf("the catalog was asked %d times", catalog.reads)
	}
	catalog = newCatalog(t, component)
	if _, err := newAttention(catalog).view(t.Context(), auth.UserCredentials("user:default/jane")); err != nil || catalog.reads != 0 {
		t.Errorf("asked %d times about nothing: %v", catalog.reads, err)
	}
}

func TestAttentionWalksSeldom(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(t, component)
	a := newAttention(catalog)
	now := time.Now()
	a.now = func() time.Time { return now }
	view := func() attentionView {
		t.Helper()
		v, err := a.view(t.Context(), auth.PluginCredentials("tests"))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	count := func() int { return view().Entities }
	for range 2 {
		if count() != 1 {
			t.Error("the entity was not counted")
		}
	}
	if catalog.walks != 1 {
		t.Errorf("%d walks of a catalog that has not changed", catalog.walks)
	}
	catalog.put(t, `{"kind":"Component","metadata":{"name":"new"}}`)
	if v := view(); v.Entities != 1 || v.RefreshIn != 2 {
		t.Errorf("walked again at once, or does not say when it will: %+v", v)
	}
	now = now.Add(attentionFresh - time.Millisecond)
	if v := view(); v.Entities != 1 || v.RefreshIn != 1 {
		t.Errorf("less than a second before it walks again: %+v", v)
	}
	now = now.Add(time.Millisecond)
	if v := view(); v.Entities != 2 || v.RefreshIn != 0 || catalog.walks != 2 {
		t.Errorf("%d walks after a change: %+v", catalog.walks, v)
	}
	now = now.Add(time.Hour)
	if count() != 2 || catalog.walks != 2 {
		t.Error("walked again without a change")
	}
}

func TestAttentionTellsWhatChangedDuringTheWalk(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(t, component)
	a := newAttention(catalog)
	walking := false
	a.now = func() time.Time {
		if !walking { // the first look at the clock is that of the walk's start
			walking = true
			catalog.put(t, `{"kind":"Component","metadata":{"name":"late"}}`)
		}
		return time.Time{}
	}
	v, err := a.view(t.Context(), auth.PluginCredentials("tests"))
	if err != nil {
		t.Fatal(err)
	}
	if v.RefreshIn == 0 {
		t.Errorf("the page is not told to come back: %+v", v)
	}
}

func TestAttentionFailsWithTheCatalog(t *testing.T) {
	t.Parallel()
	catalog := newCatalog(t, component)
	catalog.broken = errTest
	a := newAttention(catalog)
	if _, err := a.view(t.Context(), auth.PluginCredentials("tests")); err == nil {
		t.Fatal("no error")
	}
	catalog.broken = nil
	if _, err := a.view(t.Context(), auth.PluginCredentials("tests")); err != nil {
		t.Errorf("an error is kept: %v", err)
	}
}
