package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/flight"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

const (
	// runsFresh is how long a page of runs serves all who ask for it, as long as nothing happens to the stack.
	runsFresh   = 3 * time.Second
	runsKept    = 500
	runsTimeout = 15 * time.Second
	// triggersShown bounds our triggers that are looked up for a list of runs.
	triggersShown = 1000
)

// runs keeps pages of runs for a moment, so that what Spacelift sees does not depend on how many look.
type runs struct {
	upstream Upstream
	now      func() time.Time
	flight   *flight.Group

	mu    sync.Mutex // guards pages
	pages map[string]runsPage
}

type runsPage struct {
	list []client.Run
	at   time.Time
}

func newRuns(upstream Upstream, now func() time.Time) *runs {
	return &runs{upstream: upstream, now: now, flight: flight.New(runsTimeout), pages: map[string]runsPage{}}
}

// page returns a page of runs. The version is anything that changes when the runs do.
func (c *runs) page(ctx context.Context, stack string, kind client.RunKind, before, version string) ([]client.Run, error) {
	key := strings.Join([]string{stack, string(kind), before, version}, "\x00")
	if list, ok := c.kept(key); ok {
		return list, nil
	}
	v, err := c.flight.Do(ctx, key, func(shared context.Context) (any, error) {
		at := c.now()
		list, err := c.upstream.Runs(shared, stack, kind, before)
		if err == nil {
			c.keep(key, runsPage{list, at})
		}
		return list, err
	})
	list, _ := v.([]client.Run)
	return list, err
}

func (c *runs) kept(key string) ([]client.Run, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.pages[key]
	return p.list, ok && c.now().Sub(p.at) < runsFresh
}

func (c *runs) keep(key string, p runsPage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pages) >= runsKept {
		for old, page := range c.pages {
			if p.at.Sub(page.at) >= runsFresh || len(c.pages) >= 2*runsKept {
				delete(c.pages, old)
			}
		}
	}
	c.pages[key] = p
}

type runPage struct {
	Items      []runView `json:"items"`
	NextCursor string    `json:"nextCursor,omitempty"`
}

// listRuns is GET /v1/stacks/{id}/runs.
func (a *API) listRuns(w http.ResponseWriter, r *http.Request) error {
	ctx, id, q := r.Context(), r.PathValue("id"), r.URL.Query()
	kind := client.RunKind(q.Get("kind"))
	switch kind {
	case "":
		kind = client.Tracked
	case client.Tracked, client.Proposed, client.Task:
	default:
		return invalid("there is no kind %q; there are tracked, proposed and task", kind)
	}
	list, err := a.runs.page(ctx, id, kind, q.Get("cursor"), version(a.Mirror.Snapshot(), id))
	if err != nil {
		return err
	}
	ours, err := a.Store.TriggersOf(ctx, id, triggersShown)
	if err != nil {
		return err
	}
	byRun := map[string]store.Trigger{}
	for _, t := range ours {
		if t.RunID != "" {
			byRun[t.RunID] = t
		}
	}
	page := runPage{Items: []runView{}}
	for _, run := range list {
		page.Items = append(page.Items, a.viewRun(id, run, byRun[run.ID]))
		// The end is an empty page: nothing else tells that there are no more (spacelift.md 5.4).
		page.NextCursor = run.ID
	}
	return router.WriteJSON(w, r, http.StatusOK, page)
}

// version changes with what is known of a stack.
func version(s *mirror.Snapshot, id string) string {
	stack := s.Stack(id)
	if stack == nil {
		return ""
	}
	t := s.Pending[id]
	return fmt.Sprint(stack.State, stack.StateSetAt.Unix(), stack.Blocker, t.ID, t.RunID, t.State)
}
