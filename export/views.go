package export

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

func (a *api) status(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	d, err := s.destination(ctx)
	if err != nil {
		return err
	}
	totals, err := s.ledgerTotals(ctx)
	if err != nil {
		return err
	}
	lag, err := a.lag(ctx, s)
	if err != nil {
		return err
	}
	limits := a.dest.Limits()
	out := statusJSON{
		Destination: a.Engine.opts.ID, Target: a.dest.Target(), Mode: cmp.Or(d.mode, "auto"), Gzip: a.Engine.opts.Gzip,
		Token: tokenJSON{State: d.tokenState, CheckedAt: fromMillis(d.tokenAt), Message: d.tokenMessage}, Schedule: a.cron(),
		Ledger: ledgerJSON{Sent: totals.sent, Failed: totals.failed, LagSeconds: lag.Seconds()}, Filters: a.Engine.opts.FilterConfig,
		Limits: limitsJSON{
			MaxEntities: limits.MaxEntities, MaxBytes: limits.MaxBytes, Concurrency: limits.Concurrency, RatePerMinute: limits.RatePerMinute,
		},
	}
	if d.learned > 0 && int(d.under) == limits.MaxBytes {
		out.Limits.LearnedBytes = int(d.learned)
	}
	if out.Runs, err = s.countRuns(ctx); err != nil {
		return err
	}
	if err := a.addRuns(ctx, s, &out); err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, out)
}

// addRuns puts the run under way, and the last that ended, into the status.
func (a *api) addRuns(ctx context.Context, s *store, out *statusJSON) error {
	row, found, err := s.next(ctx)
	if err != nil {
		return err
	}
	if found {
		if live, ok := a.liveRow(row.id); ok {
			row = live
		}
		if out.Running, err = a.runJSON(ctx, &row); err != nil {
			return err
		}
	}
	last, found, err := s.lastEnded(ctx)
	if err != nil || !found {
		return err
	}
	out.Last, err = a.runJSON(ctx, &last)
	return err
}

// cron tells when runs begin by themselves.
func (e *Engine) cron() scheduleJSON {
	c := e.opts.Cron
	if c == nil {
		return scheduleJSON{}
	}
	out := scheduleJSON{Enabled: true, Cron: c.Schedule, Timezone: c.Location.String()}
	if expression, err := config.ParseCron(c.Schedule); err == nil {
		out.Next = expression.Next(e.now().In(c.Location)).UTC()
	}
	return out
}

func (a *api) listRuns(w http.ResponseWriter, r *http.Request) error {
	limit, err := pageSize(r, 50, 200)
	if err != nil {
		return err
	}
	s, err := a.open(r.Context())
	if err != nil {
		return err
	}
	rows, err := s.runs(r.Context(), r.URL.Query().Get("cursor"), limit+1)
	if err != nil {
		return err
	}
	page := runPageJSON{Items: []*runJSON{}}
	for i := range rows {
		if i == limit {
			page.NextCursor = rows[i-1].id
			break
		}
		if live, ok := a.liveRow(rows[i].id); ok {
			rows[i] = live
		}
		item, err := a.runJSON(r.Context(), &rows[i])
		if err != nil {
			return err
		}
		page.Items = append(page.Items, item)
	}
	return router.WriteJSON(w, r, http.StatusOK, page)
}

func (a *api) getRun(w http.ResponseWriter, r *http.Request) error {
	row, err := a.find(r.Context(), r.PathValue("id"))
	return a.writeRun(w, r, row, err)
}

func (a *api) listItems(w http.ResponseWriter, r *http.Request) error {
	limit, err := pageSize(r, 100, 500)
	if err != nil {
		return err
	}
	statuses, err := itemStatuses(r)
	if err != nil {
		return err
	}
	after, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("cursor"))
	if err != nil {
		return fault.Input("the cursor is not one of ours")
	}
	row, err := a.find(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	items, err := a.store.items(r.Context(), row.id, string(after), statuses, limit+1)
	if err != nil {
		return err
	}
	page := itemPageJSON{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(items[limit-1].EntityRef))
	}
	return router.WriteJSON(w, r, http.StatusOK, page)
}

// itemStatuses reads status, which may be given several times or as a list with commas. All are meant if it is absent.
func itemStatuses(r *http.Request) ([]string, error) {
	all := []string{itemPending, itemSent, itemFailed, itemSkipped}
	var wanted []string
	for _, value := range r.URL.Query()["status"] {
		for status := range strings.SplitSeq(value, ",") {
			if !slices.Contains(all, status) {
				return nil, fault.Input("status must be one of %s, not '%s'", strings.Join(all, ", "), status)
			}
			wanted = append(wanted, status)
		}
	}
	if wanted == nil {
		return all, nil
	}
	return wanted, nil
}

// preview maps one entity for somebody who may see it.
func (a *api) preview(w http.ResponseWriter, r *http.Request) error {
	ref, err := entity.ParseRef(r.URL.Query().Get("entityRef"), entity.RefDefaults{})
	if err != nil {
		return fault.Input("entityRef: %s", err)
	}
	ctx := r.Context()
	e, found, err := a.Engine.opts.Catalog.ByRef(ctx, auth.FromContext(ctx), ref.String())
	if err != nil {
		return err
	}
	if !found {
		return fault.NotFound("there is no entity %s", ref)
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	if err := a.remind(ctx, s); err != nil {
		return err
	}
	out, err := a.previewOf(ctx, s, e)
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, out)
}

// remind has the destination recall what is known of it, unless a run under way knows better.
func (e *Engine) remind(ctx context.Context, s *store) error {
	e.mu.Lock()
	running := e.live != nil
	e.mu.Unlock()
	if running {
		return nil
	}
	known, err := s.destination(ctx)
	if err == nil {
		recall(e.dest, known.known)
	}
	return err
}

func (e *Engine) previewOf(ctx context.Context, s *store, of entity.Entity) (*previewJSON, error) {
	ref := canonical(of)
	out := &previewJSON{EntityRef: ref, Included: true, Warnings: []string{}}
	if rows, _ := entity.SearchRows(of); !entity.Match(e.opts.Filter, rows) {
		out.Included, out.Why = false, "the filters leave it out"
	}
	entries, err := s.ledger(ctx, []string{ref})
	if err != nil {
		return nil, err
	}
	doc, err := e.dest.Map(ctx, of)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, ErrSkipped):
		out.Included, out.Why = false, cmp.Or(out.Why, "the mapping leaves it out")
	case err != nil:
		out.Included, out.Why = false, cmp.Or(out.Why, err.Error())
	default:
		out.Document, out.Warnings = doc.Body, append(out.Warnings, doc.Warnings...)
	}
	had := entryOf(entries[ref], doc.ID)
	out.LastSent = lastSent(had)
	if doc.Body != nil {
		before := splitKeys(had.keys)
		out.Added, out.Removed = missing(joinKeys(doc.Keys), before), missing(had.keys, doc.Keys)
		out.Changed = out.Included && (had.state != stateSent || string(had.hash) != string(hashOf(doc)))
	}
	return out, nil
}

// entryOf is the entry of a document, or, of an entity that has none now, of one that it had.
func entryOf(entries []ledgerRow, id string) ledgerRow {
	for _, e := range entries {
		if e.id == id {
			return e
		}
	}
	if id == "" && len(entries) > 0 {
		return entries[0]
	}
	return ledgerRow{}
}

func lastSent(had ledgerRow) *lastSentJSON {
	if had.state == "" {
		return nil
	}
	out := &lastSentJSON{Status: itemSent, RunID: had.run}
	if had.sentAt > 0 {
		out.At = time.UnixMilli(had.sentAt).UTC()
	}
	if had.state == stateRefused {
		out.Status, out.Message = itemFailed, had.lastError
	}
	return out
}
