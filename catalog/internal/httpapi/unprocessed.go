package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// unprocessedLimit is how many unprocessed entities one answer holds at most: while a large catalog is read for the first
// time all of it waits, and the answer is built in memory.
const unprocessedLimit = 1000

// unprocessedPage is what the routes of unprocessed entities are asked for.
type unprocessedPage struct {
	owner string
	limit int
}

// walk calls yield for entities until it returns false.
type walk func(ctx context.Context, yield func(ledger.Unfinished) bool) error

// failed answers GET /entities/unprocessed/failed. Upstream leaves it empty and lists first failures among the pending
// (catalog.md 5), where nobody looks for them.
func (a *API) failed(w http.ResponseWriter, r *http.Request) error {
	return a.unprocessed(w, r, "failed", a.Ledger.EachFailed)
}

// pending answers GET /entities/unprocessed/pending.
func (a *API) pending(w http.ResponseWriter, r *http.Request) error {
	return a.unprocessed(w, r, "pending", a.Ledger.EachPending)
}

func (a *API) unprocessed(w http.ResponseWriter, r *http.Request, kind string, walk walk) error {
	p, err := readUnprocessedPage(r)
	if err != nil {
		return err
	}
	if err := permission.Require(r.Context(), a.Permissions, auth.FromContext(r.Context()), readUnprocessed, ""); err != nil {
		return err
	}
	if _, err := a.snapshot(r); err != nil {
		return err
	}
	rows, truncated, err := p.rows(r.Context(), walk)
	if err != nil {
		return err
	}
	answer := entity.ObjectOf("type", kind, "entities", rows)
	if truncated {
		answer.Set("truncated", true)
	}
	return writeJSON(w, r, entity.AppendJSON(nil, answer))
}

func readUnprocessedPage(r *http.Request) (*unprocessedPage, error) {
	p, err := query(r, "owner", "limit")
	if err != nil {
		return nil, err
	}
	out := &unprocessedPage{limit: unprocessedLimit}
	if out.owner, _, err = p.text("owner"); err != nil {
		return nil, err
	}
	limit, given, err := p.integer("limit")
	if err != nil {
		return nil, err
	}
	if given {
		if limit == 0 {
			return nil, fault.Input("Invalid limit, must be greater than zero")
		}
		out.limit = min(limit, unprocessedLimit)
	}
	return out, nil
}

// rows are the entities that match, as many as fit; the second result tells whether there are more.
func (p *unprocessedPage) rows(ctx context.Context, walk walk) (rows []any, truncated bool, err error) {
	rows = []any{}
	var broken error
	err = walk(ctx, func(u ledger.Unfinished) bool {
		given, err := entity.ParseObject(u.Input)
		if err != nil {
			broken = fmt.Errorf("read the unprocessed entity %s: %w", u.Ref, err)
			return false
		}
		// As it is written, where upstream compares it (catalog.md 5).
		if p.owner != "" && given.Path("spec", "owner") != p.owner {
			return true
		}
		if len(rows) == p.limit {
			truncated = true
			return false
		}
		rows = append(rows, unprocessedRow(&u, given))
		return true
	})
	if err == nil {
		err = broken
	}
	return rows, truncated, err
}

// unprocessedRow is an entity as a row of upstream's refresh_state (catalog.md 7.1), its JSON columns parsed.
func unprocessedRow(u *ledger.Unfinished, given *entity.Object) *entity.Object {
	row := entity.ObjectOf(
		"entity_id", u.UID, "entity_ref", u.Ref, "unprocessed_entity", given, "unprocessed_hash", u.InputHash,
		"processed_entity", nil, "result_hash", nil, "next_update_at", timestamp(u.Due), "last_discovery_at", timestamp(u.Given),
		"errors", rowErrors(u.Errors), "location_key", nil,
	)
	if u.ResultHash != "" {
		row.Set("result_hash", u.ResultHash)
	}
	if u.LocationKey != "" {
		row.Set("location_key", u.LocationKey)
	}
	return row
}

func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// rowErrors are the errors themselves, which the ledger keeps inside of status items (catalog.md 1.9).
func rowErrors(items []byte) []any {
	out := []any{}
	if len(items) == 0 {
		return out
	}
	v, err := entity.ParseJSON(items)
	list, ok := v.([]any)
	if err != nil || !ok {
		return append(out, entity.ObjectOf("name", "Error", "message", string(items)))
	}
	for _, item := range list {
		o, _ := item.(*entity.Object)
		if o == nil {
			continue
		}
		if inner, ok := o.Path("error").(*entity.Object); ok {
			o = inner
		}
		out = append(out, o)
	}
	return out
}

// deleteUnprocessed answers DELETE /entities/unprocessed/delete/{entity_id}: 204 for unknown ones too, as upstream does.
// Upstream would delete what is in the catalog as well; here that takes the permission for it.
func (a *API) deleteUnprocessed(w http.ResponseWriter, r *http.Request) (err error) {
	uid := r.PathValue("entity_id")
	event := a.Audit.Event(r.Context(), telemetry.Event{
		Plugin: pluginID, ID: "entity-mutate", Meta: map[string]any{"actionType": "delete", "queryType": "unprocessed", "uid": uid},
	})
	defer func() { event.Done(err) }()
	if _, err := query(r); err != nil {
		return err
	}
	if err := permission.Require(r.Context(), a.Permissions, auth.FromContext(r.Context()), deleteUnprocessed, ""); err != nil {
		return err
	}
	if _, err := a.snapshot(r); err != nil {
		return err
	}
	position, err := a.Ledger.DeleteUnfinished(r.Context(), uid)
	if err != nil {
		return err
	}
	a.settle(w, r, position)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
