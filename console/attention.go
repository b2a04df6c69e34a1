package console

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
)

const (
	// attentionItems is how many of each sort are shown.
	attentionItems = 10
	// attentionKept is how many of each sort are kept, so that some are left when the caller may not see all.
	attentionKept = 50
	// attentionFresh is how long a result serves at least; with a large catalog it is longer, see latest.
	attentionFresh = 2 * time.Second
)

type attentionView struct {
	Entities int           `json:"entities"`
	Errors   attentionList `json:"errors"`
	Orphans  attentionList `json:"orphans"`
	Missing  attentionList `json:"missing"`
	// RefreshIn is set when the catalog has changed since: no further event tells a page of that change, so that it has
	// to come back by itself.
	RefreshIn int64 `json:"refreshIn,omitempty"`
}

type attentionList struct {
	Count int             `json:"count"`
	Items []attentionItem `json:"items"`
}

type attentionItem struct {
	Ref       string `json:"ref"`
	Message   string `json:"message,omitempty"`
	Referrers int    `json:"referrers,omitempty"`
	From      string `json:"from,omitempty"`
}

// attention finds what is wrong in the catalog by walking it: status and dangling relations are not among what the
// catalog can be asked for (catalog.md 2). One walk serves all callers, and what each may see is asked for at once.
type attention struct {
	catalog host.CatalogReader
	now     func() time.Time

	// turn holds the one token of whoever walks; the others wait for the result, or for their own end.
	turn chan struct{}
	// mu guards the fields below.
	mu       sync.Mutex
	result   attentionView
	position int64
	due      time.Time
}

func newAttention(catalog host.CatalogReader) *attention {
	return &attention{catalog: catalog, now: time.Now, turn: make(chan struct{}, 1), position: -1}
}

// view returns what the caller may see.
func (a *attention) view(ctx context.Context, who auth.Credentials) (attentionView, error) {
	v, err := a.latest(ctx)
	if err != nil {
		return attentionView{}, err
	}
	lists := []*attentionList{&v.Errors, &v.Orphans, &v.Missing}
	visible, err := a.visible(ctx, who, lists)
	if err != nil {
		return attentionView{}, err
	}
	for _, list := range lists {
		items := []attentionItem{}
		for _, item := range list.Items {
			if len(items) < attentionItems && visible[item.about()] {
				items = append(items, item)
			}
		}
		list.Items = items
	}
	return v, nil
}

// about is the entity that whoever is told of the item must be able to see.
func (i attentionItem) about() string { return cmp.Or(i.From, i.Ref) }

// visible asks for all entities of the lists in one question. What cannot be read is not shown.
func (a *attention) visible(ctx context.Context, who auth.Credentials, lists []*attentionList) (map[string]bool, error) {
	visible := map[string]bool{}
	for _, list := range lists {
		for _, item := range list.Items {
			visible[item.about()] = false
		}
	}
	if len(visible) == 0 {
		return visible, nil
	}
	refs := slices.Sorted(maps.Keys(visible))
	found, err := a.catalog.ByRefs(ctx, who, refs)
	if _, err = host.Damaged(refs, err); err != nil {
		return nil, fmt.Errorf("read what wants attention: %w", err)
	}
	for i, e := range found {
		visible[refs[i]] = e != nil
	}
	return visible, nil
}

// latest returns the last walk's result, walking again if the catalog has changed since and the result has served.
func (a *attention) latest(ctx context.Context) (attentionView, error) {
	if v, ok := a.fresh(); ok {
		return v, nil
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return attentionView{}, context.Cause(ctx)
	}
	if v, ok := a.fresh(); ok {
		return v, nil
	}
	position, started := a.catalog.Position(), a.now()
	v, err := a.walk(ctx)
	if err != nil {
		return attentionView{}, err
	}
	a.keep(v, position, started)
	// What changed while it walked may be missing, and then the caller is told to come back.
	v, _ = a.fresh()
	return v, nil
}

func (a *attention) keep(v attentionView, position int64, started time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	// A walk may take a twentieth of the time at most, however large the catalog.
	a.result, a.position = v, position
	a.due = a.now().Add(max(attentionFresh, 20*a.now().Sub(started)))
}

// fresh returns the last result, and whether it may still serve.
func (a *attention) fresh() (attentionView, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.position < 0 {
		return attentionView{}, false
	}
	v, left := a.result, a.due.Sub(a.now())
	if a.position == a.catalog.Position() {
		return v, true
	}
	v.RefreshIn = int64(max(1, (left+time.Second-1)/time.Second))
	return v, left > 0
}

// missing counts the references to one entity.
type missing struct {
	referrers int
	from      string
}

func (a *attention) walk(ctx context.Context) (attentionView, error) {
	var v attentionView
	targets, last := map[string]missing{}, map[string]string{}
	known := map[string]struct{}{}
	for e, err := range a.catalog.Entities(ctx, auth.PluginCredentials(ID), nil) {
		if err != nil {
			return attentionView{}, fmt.Errorf("walk the catalog: %w", err)
		}
		v.Entities++
		ref := e.Ref().String()
		known[ref] = struct{}{}
		if text, bad := firstError(e); bad {
			v.Errors.add(attentionItem{Ref: ref, Message: text})
		}
		if orphan, _ := e.Annotation("backstage.io/orphan"); orphan == "true" {
			v.Orphans.add(attentionItem{Ref: ref})
		}
		for _, target := range relationTargets(e) {
			if last[target] == ref {
				continue // two relations of one entity to another are one referrer
			}
			last[target] = ref
			m := targets[target]
			targets[target] = missing{referrers: m.referrers + 1, from: cmp.Or(m.from, ref)}
		}
	}
	v.Missing = missingOf(targets, known)
	return v, nil
}

func (l *attentionList) add(item attentionItem) {
	l.Count++
	if len(l.Items) < attentionKept {
		l.Items = append(l.Items, item)
	}
}

func missingOf(targets map[string]missing, known map[string]struct{}) attentionList {
	var l attentionList
	for ref, m := range targets {
		if _, ok := known[ref]; !ok {
			l.Items = append(l.Items, attentionItem{Ref: ref, Referrers: m.referrers, From: m.from})
		}
	}
	l.Count = len(l.Items)
	slices.SortFunc(l.Items, func(x, y attentionItem) int {
		return cmp.Or(cmp.Compare(y.Referrers, x.Referrers), strings.Compare(x.Ref, y.Ref))
	})
	l.Items = slices.Clone(l.Items[:min(len(l.Items), attentionKept)])
	return l
}

// firstError returns the message of the first status item of level error (catalog.md 1.9).
func firstError(e entity.Entity) (string, bool) {
	items, _ := e.Path("status", "items").([]any)
	for _, item := range items {
		o, ok := item.(*entity.Object)
		if !ok || o.Path("level") != "error" {
			continue
		}
		text, _ := o.Path("message").(string)
		return text, true
	}
	return "", false
}

func relationTargets(e entity.Entity) []string {
	items, _ := e.Path("relations").([]any)
	targets := make([]string, 0, len(items))
	for _, item := range items {
		if o, ok := item.(*entity.Object); ok {
			if ref, ok := o.Path("targetRef").(string); ok {
				targets = append(targets, ref)
			}
		}
	}
	return targets
}
