package postgresql

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/postgresql/internal/sqlc"
)

// transaction writes whole sets: each column travels as one array.
type transaction struct{ q *sqlc.Queries }

// column gathers one field of all items.
func column[T, V any](items []T, field func(T) V) []V {
	out := make([]V, len(items))
	for i, item := range items {
		out[i] = field(item)
	}
	return out
}

func convert[A, B any](rows []A, err error, fn func(A) B) ([]B, error) {
	if err != nil {
		return nil, err
	}
	return column(rows, fn), nil
}

func (t *transaction) Heads(ctx context.Context, refs []string) ([]ledger.Head, error) {
	rows, err := t.q.Heads(ctx, refs)
	return convert(rows, err, func(r sqlc.HeadsRow) ledger.Head {
		return ledger.Head{
			ID: r.ID, UID: r.Uid, Ref: r.Ref, InputHash: r.InputHash, LocationKey: r.LocationKey,
			ResultHash: r.ResultHash, FinalHash: r.FinalHash,
		}
	})
}

func (t *transaction) RefByUID(ctx context.Context, uid string) (string, error) {
	ref, err := t.q.RefByUID(ctx, strings.ToLower(uid))
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return ref, err
}

func (t *transaction) EdgesTo(ctx context.Context, refs []string) ([]ledger.Edge, error) {
	rows, err := t.q.EdgesTo(ctx, refs)
	return convert(rows, err, func(r sqlc.EdgesToRow) ledger.Edge {
		return ledger.Edge{Provider: r.Provider, Source: r.SourceRef, Target: r.TargetRef}
	})
}

func (t *transaction) EdgesFrom(ctx context.Context, refs []string) ([]ledger.Edge, error) {
	rows, err := t.q.EdgesFrom(ctx, refs)
	return convert(rows, err, func(r sqlc.EdgesFromRow) ledger.Edge {
		return ledger.Edge{Provider: r.Provider, Source: r.SourceRef, Target: r.TargetRef}
	})
}

func (t *transaction) Roots(ctx context.Context, provider string) ([]string, error) {
	return t.q.Roots(ctx, provider)
}

func (t *transaction) Orphans(ctx context.Context, limit int) ([]string, error) {
	return t.q.Orphans(ctx, int32(limit)) //nolint:gosec // a small constant
}

func (t *transaction) Documents(ctx context.Context, refs []string) ([]ledger.Document, error) {
	rows, err := t.q.Documents(ctx, refs)
	return convert(rows, err, func(r sqlc.DocumentsRow) ledger.Document {
		return ledger.Document{ID: r.ID, UID: r.Uid, Ref: r.Ref, Body: r.Body, Relations: r.Relations, Errors: r.Errors}
	})
}

func (t *transaction) Foreign(ctx context.Context, refs []string) ([]ledger.Relation, error) {
	rows, err := t.q.Foreign(ctx, refs)
	return convert(rows, err, func(r sqlc.Relation) ledger.Relation {
		return ledger.Relation{Source: r.SourceRef, Type: r.Type, Target: r.TargetRef, Origin: r.OriginRef}
	})
}

func (t *transaction) Refused(ctx context.Context, refs []string) ([]ledger.Edge, error) {
	rows, err := t.q.Refused(ctx, refs)
	return convert(rows, err, func(r sqlc.Refused) ledger.Edge {
		return ledger.Edge{Source: r.SourceRef, Target: r.TargetRef}
	})
}

func (t *transaction) ByKeys(ctx context.Context, keys []string) ([]string, error) {
	return t.q.ByKeys(ctx, keys)
}

func (t *transaction) InsertEntities(ctx context.Context, inputs []ledger.Input) ([]int64, error) {
	rows, err := t.q.InsertEntities(ctx, sqlc.InsertEntitiesParams{
		Uids:         column(inputs, func(in ledger.Input) string { return in.UID }),
		Refs:         column(inputs, func(in ledger.Input) string { return in.Ref }),
		LocationKeys: column(inputs, func(in ledger.Input) string { return in.LocationKey }),
		InputHashes:  column(inputs, func(in ledger.Input) string { return in.Hash }),
		Inputs:       column(inputs, func(in ledger.Input) []byte { return in.Body }),
		GivenAt:      column(inputs, func(in ledger.Input) int64 { return in.Given.UnixMilli() }),
	})
	if err != nil {
		return nil, err
	}
	// RETURNING promises no order.
	ids := make(map[string]int64, len(rows))
	for _, r := range rows {
		ids[r.Ref] = r.ID
	}
	return column(inputs, func(in ledger.Input) int64 { return ids[in.Ref] }), nil
}

func (t *transaction) UpdateInputs(ctx context.Context, inputs []ledger.Input) error {
	return t.q.UpdateInputs(ctx, sqlc.UpdateInputsParams{
		Ids:          column(inputs, func(in ledger.Input) int64 { return in.ID }),
		LocationKeys: column(inputs, func(in ledger.Input) string { return in.LocationKey }),
		InputHashes:  column(inputs, func(in ledger.Input) string { return in.Hash }),
		Inputs:       column(inputs, func(in ledger.Input) []byte { return in.Body }),
		GivenAt:      column(inputs, func(in ledger.Input) int64 { return in.Given.UnixMilli() }),
	})
}

func (t *transaction) PutOutputs(ctx context.Context, outputs []ledger.Output) error {
	return t.q.PutOutputs(ctx, sqlc.PutOutputsParams{
		Ids:       column(outputs, func(o ledger.Output) int64 { return o.ID }),
		Hashes:    column(outputs, func(o ledger.Output) string { return o.Hash }),
		Bodies:    column(outputs, func(o ledger.Output) []byte { return o.Body }),
		Relations: column(outputs, func(o ledger.Output) []byte { return o.Relations }),
		Errors:    column(outputs, func(o ledger.Output) []byte { return o.Errors }),
		States:    column(outputs, func(o ledger.Output) []byte { return o.State }),
		Watched:   column(outputs, func(o ledger.Output) bool { return o.Watched }),
	})
}

func (t *transaction) PutFailures(ctx context.Context, outputs []ledger.Output) error {
	return t.q.PutFailures(ctx, sqlc.PutFailuresParams{
		Ids:     column(outputs, func(o ledger.Output) int64 { return o.ID }),
		Hashes:  column(outputs, func(o ledger.Output) string { return o.Hash }),
		Errors:  column(outputs, func(o ledger.Output) []byte { return o.Errors }),
		States:  column(outputs, func(o ledger.Output) []byte { return o.State }),
		Watched: column(outputs, func(o ledger.Output) bool { return o.Watched }),
	})
}

func (t *transaction) ClearHashes(ctx context.Context, ids []int64) error {
	return t.q.ClearHashes(ctx, ids)
}

func (t *transaction) DeleteEntities(ctx context.Context, ids []int64) error {
	for _, table := range []func(context.Context, []int64) error{
		t.q.DeleteEntities, t.q.DeleteOutputs, t.q.DeleteFinals, t.q.DeleteDue, t.q.DeleteKeys,
	} {
		if err := table(ctx, ids); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) InsertEdges(ctx context.Context, edges []ledger.Edge) error {
	return t.q.InsertEdges(ctx, sqlc.InsertEdgesParams{
		Providers: column(edges, func(e ledger.Edge) string { return e.Provider }),
		Sources:   column(edges, func(e ledger.Edge) string { return e.Source }),
		Targets:   column(edges, func(e ledger.Edge) string { return e.Target }),
	})
}

func (t *transaction) DeleteEdges(ctx context.Context, edges []ledger.Edge) error {
	return t.q.DeleteEdges(ctx, sqlc.DeleteEdgesParams{
		Providers: column(edges, func(e ledger.Edge) string { return e.Provider }),
		Sources:   column(edges, func(e ledger.Edge) string { return e.Source }),
		Targets:   column(edges, func(e ledger.Edge) string { return e.Target }),
	})
}

func (t *transaction) InsertRelations(ctx context.Context, relations []ledger.Relation) error {
	return t.q.InsertRelations(ctx, sqlc.InsertRelationsParams{
		Sources: column(relations, func(r ledger.Relation) string { return r.Source }),
		Types:   column(relations, func(r ledger.Relation) string { return r.Type }),
		Targets: column(relations, func(r ledger.Relation) string { return r.Target }),
		Origins: column(relations, func(r ledger.Relation) string { return r.Origin }),
	})
}

func (t *transaction) DeleteRelations(ctx context.Context, relations []ledger.Relation) error {
	return t.q.DeleteRelations(ctx, sqlc.DeleteRelationsParams{
		Sources: column(relations, func(r ledger.Relation) string { return r.Source }),
		Types:   column(relations, func(r ledger.Relation) string { return r.Type }),
		Targets: column(relations, func(r ledger.Relation) string { return r.Target }),
		Origins: column(relations, func(r ledger.Relation) string { return r.Origin }),
	})
}

func (t *transaction) ReplaceKeys(ctx context.Context, keys map[int64][]string) error {
	var params sqlc.InsertKeysParams
	var owners []int64
	for id, all := range keys {
		owners = append(owners, id)
		for _, key := range all {
			params.Ids, params.Keys = append(params.Ids, id), append(params.Keys, key)
		}
	}
	slices.Sort(owners)
	if err := t.q.DeleteKeys(ctx, owners); err != nil || len(params.Ids) == 0 {
		return err
	}
	return t.q.InsertKeys(ctx, params)
}

func (t *transaction) InsertRefused(ctx context.Context, edges []ledger.Edge) error {
	return t.q.InsertRefused(ctx, sqlc.InsertRefusedParams{
		Targets: column(edges, func(e ledger.Edge) string { return e.Target }),
		Sources: column(edges, func(e ledger.Edge) string { return e.Source }),
	})
}

func (t *transaction) DeleteRefused(ctx context.Context, sources []string) error {
	return t.q.DeleteRefused(ctx, sources)
}

func (t *transaction) MarkDue(ctx context.Context, ids []int64, at time.Time) error {
	return t.q.MarkDue(ctx, sqlc.MarkDueParams{Ids: ids, At: at.UnixMilli()})
}

func (t *transaction) Complete(ctx context.Context, done []ledger.Completion) error {
	var gone sqlc.CompleteParams
	var again sqlc.CompleteUntilParams
	for _, c := range done {
		if c.Again.IsZero() {
			gone.Ids, gone.Tickets = append(gone.Ids, c.ID), append(gone.Tickets, c.Ticket)
			continue
		}
		again.Ids, again.Tickets = append(again.Ids, c.ID), append(again.Tickets, c.Ticket)
		again.Ats = append(again.Ats, c.Again.UnixMilli())
	}
	if len(gone.Ids) > 0 {
		if err := t.q.Complete(ctx, gone); err != nil {
			return err
		}
	}
	if len(again.Ids) > 0 {
		return t.q.CompleteUntil(ctx, again)
	}
	return nil
}

func (t *transaction) PutFinals(ctx context.Context, finals []ledger.Final) error {
	return t.q.PutFinals(ctx, sqlc.PutFinalsParams{
		Ids:    column(finals, func(f ledger.Final) int64 { return f.ID }),
		Refs:   column(finals, func(f ledger.Final) string { return f.Ref }),
		Uids:   column(finals, func(f ledger.Final) string { return f.UID }),
		Hashes: column(finals, func(f ledger.Final) string { return f.Hash }),
		Bodies: column(finals, func(f ledger.Final) []byte { return f.Body }),
	})
}

func (t *transaction) AppendChanges(ctx context.Context, changes []ledger.Change) (int64, error) {
	last, err := t.q.Advance(ctx, int64(len(changes)))
	if err != nil {
		return 0, err
	}
	position := last - int64(len(changes))
	err = t.q.InsertChanges(ctx, sqlc.InsertChangesParams{
		Positions: column(changes, func(ledger.Change) int64 { position++; return position }),
		Ids:       column(changes, func(c ledger.Change) int64 { return c.ID }),
		Refs:      column(changes, func(c ledger.Change) string { return c.Ref }),
		Uids:      column(changes, func(c ledger.Change) string { return c.UID }),
	})
	if err != nil {
		return 0, err
	}
	return last, t.q.Notify(ctx, sqlc.NotifyParams{Channel: channel})
}

func (t *transaction) TrimChanges(ctx context.Context, upTo int64) error {
	return t.q.TrimChanges(ctx, upTo)
}

func (t *transaction) PutSetting(ctx context.Context, name, value string) error {
	return t.q.PutSetting(ctx, sqlc.PutSettingParams{Name: name, Value: value})
}

func (t *transaction) MarkAllDue(ctx context.Context, at time.Time) error {
	if err := t.q.ClearAllHashes(ctx); err != nil {
		return err
	}
	return t.q.MarkAllDue(ctx, at.UnixMilli())
}

func (t *transaction) Locations(ctx context.Context) ([]ledger.Location, error) {
	return locations(t.q.Locations(ctx))
}

func (t *transaction) InsertLocation(ctx context.Context, l ledger.Location) error {
	return t.q.InsertLocation(ctx, sqlc.InsertLocationParams{ID: l.ID, Type: l.Type, Target: l.Target, EntityRef: l.EntityRef})
}

func (t *transaction) UpdateLocation(ctx context.Context, l ledger.Location) error {
	return t.q.UpdateLocation(ctx, sqlc.UpdateLocationParams{Type: l.Type, Target: l.Target, ID: l.ID})
}

func (t *transaction) DeleteLocation(ctx context.Context, id string) error {
	return t.q.DeleteLocation(ctx, id)
}

var _ ledger.Tx = (*transaction)(nil)
