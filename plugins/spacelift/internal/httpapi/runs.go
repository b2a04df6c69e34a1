package httpapi

import (
	"context"
	"fmt"
	"math"
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
	// runsFresh is how long a page of runs serves all who ask for it, as long as nothing happens to the stack; runsStale
	// how long where there is no turn to ask again.
	runsFresh   = 3 * time.Second
	runsStale   = time.Minute
	runsKept    = 500
	runsTimeout = 15 * time.Second
	// triggersShown bounds our triggers that are looked up for a list of runs.
	triggersShown = 1000
	// maxCursor is far above the length of a run's id.
	maxCursor = 100
)

// runs keeps pages of runs for a moment, so that what Spacelift sees does not depend on how many look.
type runs struct {
	upstream Upstream
	// turn waits until readers may make us ask once more.
	turn   func(ctx context.Context) error
	now    func() time.Time
	flight *flight.Group

	mu    sync.Mutex // guards pages
	pages map[string]runsPage
}

type runsPage struct {
	list    []client.Run
	version string
	at      time.Time
}

func newRuns(upstream Upstream, turn func(ctx context.Context) error, now func() time.Time) *runs {
	return &runs{upstream: upstream, turn: turn, now: now, flight: flight.New(runsTimeout), pages: map[string]runsPage{}}
}

// page returns a page of runs. The version is anything that changes when the runs do.
func (c *runs) page(ctx context.Context, stack string, kind client.RunKind, before, version string) ([]client.Run, error) {
	key := strings.Join([]string{stack, string(kind), before}, "\x00")
	p, age := c.kept(key)
	if p.version == version && age < runsFresh {
		return p.list, nil
	}
	v, err := c.flight.Do(ctx, key+"\x00"+version, func(shared context.Context) (any, error) {
		if err := c.turn(shared); err != nil {
			if age < runsStale {
				return p.list, nil
			}
			return nil, err
		}
		at := c.now()
		list, err := c.upstream.Runs(shared, stack, kind, before)
		if err == nil {
			c.keep(key, runsPage{list, version, at})
		}
		return list, err
	})
	list, _ := v.([]client.Run)
	return list, err
}

// kept returns the page that was read last, and its age; one that was never read is older than any.
func (c *runs) kept(key string) (runsPage, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.pages[key]
	if !ok {
		return p, math.MaxInt64
	}
	return p, c.now().Sub(p.at)
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
func (a *API) listRuns(w http.ResponseWriter, r *http.Request, may []access) error {
	ctx, id, q := r.Context(), r.PathValue("id"), r.URL.Query()
	kind := client.RunKind(q.Get("kind"))
	switch kind {
	case "":
		kind = client.Tracked
	case client.Tracked, client.Proposed, client.Task:
	default:
		return invalid("there is no kind %q; there are tracked, proposed and task", kind)
	}
	if len(q.Get("cursor")) > maxCursor {
		return invalid("the cursor is none that was given out here")
	}
	if err := a.find(ctx, id, may[0]); err != nil {
		return err
	}
	list, err := a.runs.page(ctx, id, kind, q.Get("cursor"), version(a.Mirror.Snapshot(), id))
	if err != nil {
		return hide(err, may[0])
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

// find sees to it that a stack is one that the caller may see. Where conditions choose, it has to be known for that.
func (a *API) find(ctx context.Context, id string, x access) error {
	if !x.all && a.Mirror.Snapshot().Stack(id) == nil {
		if err := a.Mirror.Discover(ctx, id); err != nil {
			return hide(err, x)
		}
	}
	if !x.knows(a.Mirror.Snapshot(), id) {
		return noStack()
	}
	return nil
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
