package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

const (
	runsKept = 500
	// triggersShown bounds our triggers that are looked up for a list of runs.
	triggersShown = 1000
	// maxCursor is far above the length of a run's id.
	maxCursor = 100
)

// runLister is what runs ask.
type runLister interface {
	Runs(ctx context.Context, stack string, kind client.RunKind, before string) ([]client.Run, error)
}

// runs keeps pages of runs for a moment.
type runs struct {
	upstream runLister
	pages    *shared[[]client.Run]
}

func newRuns(upstream runLister, turn func(ctx context.Context) error, now func() time.Time) *runs {
	return &runs{upstream: upstream, pages: newShared[[]client.Run](turn, now, runsKept)}
}

// page returns a page of runs. The version is anything that changes when the runs do.
func (c *runs) page(ctx context.Context, stack string, kind client.RunKind, before, version string) ([]client.Run, error) {
	return c.pages.read(ctx, stack, string(kind)+"\x00"+before, version, func(ctx context.Context) ([]client.Run, error) {
		return c.upstream.Runs(ctx, stack, kind, before)
	})
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
	list, err := a.runs.page(ctx, id, kind, q.Get("cursor"), Version(a.Mirror.Snapshot(), id))
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

// Version changes with what is known of a stack.
func Version(s *mirror.Snapshot, id string) string {
	stack := s.Stack(id)
	if stack == nil {
		return ""
	}
	t := s.Pending[id]
	return fmt.Sprint(stack.State, stack.StateSetAt.Unix(), stack.Blocker, t.ID, t.RunID, t.State)
}
