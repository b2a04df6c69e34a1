package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/sqlite/internal/sqlc"
)

// transaction writes row by row: prepared statements in one transaction are as fast here as whole sets are elsewhere.
type transaction struct {
	q    *sqlc.Queries
	done []ledger.Completion
}

// each calls fn for all items until one fails. The driver starts a goroutine for each statement whose context can end,
// which would cost as much as the statement: the rows are written under one that cannot, and the end is looked for
// between them.
func each[T any](ctx context.Context, items []T, fn func(context.Context, T) error) error {
	steady := context.WithoutCancel(ctx)
	for i, item := range items {
		if i%100 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := fn(steady, item); err != nil {
			return err
		}
	}
	return nil
}

func convert[A, B any](rows []A, err error, fn func(A) B) ([]B, error) {
	if err != nil {
		return nil, err
	}
	out := make([]B, len(rows))
	for i, r := range rows {
		out[i] = fn(r)
	}
	return out, nil
}

func (t *transaction) Heads(ctx context.Context, refs []string) ([]ledger.Head, error) {
	rows, err := t.q.Heads(ctx, list(refs))
	return convert(rows, err, func(r sqlc.HeadsRow) ledger.Head {
		return ledger.Head{
			ID: r.ID, UID: r.Uid, Ref: r.Ref, InputHash: r.InputHash, LocationKey: r.LocationKey,
			ResultHash: r.ResultHash, FinalHash: r.FinalHash,
		}
	})
}

func (t *transaction) RefByUID(ctx context.Context, uid string) (string, error) {
	ref, err := t.q.RefByUID(ctx, strings.ToLower(uid))
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return ref, err
}

func (t *transaction) EdgesTo(ctx context.Context, refs []string) ([]ledger.Edge, error) {
	rows, err := t.q.EdgesTo(ctx, list(refs))
	return convert(rows, err, func(r sqlc.EdgesToRow) ledger.Edge {
		return ledger.Edge{Provider: r.Provider, Source: r.SourceRef, Target: r.TargetRef}
	})
}

func (t *transaction) EdgesFrom(ctx context.Context, refs []string) ([]ledger.Edge, error) {
	rows, err := t.q.EdgesFrom(ctx, list(refs))
	return convert(rows, err, func(r sqlc.EdgesFromRow) ledger.Edge {
		return ledger.Edge{Provider: r.Provider, Source: r.SourceRef, Target: r.TargetRef}
	})
}

func (t *transaction) Roots(ctx context.Context, provider string) ([]string, error) {
	return t.q.Roots(ctx, provider)
}

func (t *transaction) Orphans(ctx context.Context, limit int) ([]string, error) {
	return t.q.Orphans(ctx, int64(limit))
}

func (t *transaction) Documents(ctx context.Context, refs []string) ([]ledger.Document, error) {
	rows, err := t.q.Documents(ctx, list(refs))
	return convert(rows, err, func(r sqlc.DocumentsRow) ledger.Document {
		return ledger.Document{ID: r.ID, UID: r.Uid, Ref: r.Ref, Body: r.Body, Relations: r.Relations, Errors: r.Errors}
	})
}

func (t *transaction) Foreign(ctx context.Context, refs []string) ([]ledger.Relation, error) {
	rows, err := t.q.Foreign(ctx, list(refs))
	return convert(rows, err, func(r sqlc.Relation) ledger.Relation {
		return ledger.Relation{Source: r.SourceRef, Type: r.Type, Target: r.TargetRef, Origin: r.OriginRef}
	})
}

func (t *transaction) Refused(ctx context.Context, refs []string) ([]ledger.Edge, error) {
	rows, err := t.q.Refused(ctx, list(refs))
	return convert(rows, err, func(r sqlc.Refused) ledger.Edge {
		return ledger.Edge{Source: r.SourceRef, Target: r.TargetRef}
	})
}

func (t *transaction) ByKeys(ctx context.Context, keys []string) ([]string, error) {
	return t.q.ByKeys(ctx, list(keys))
}

func (t *transaction) InsertEntities(ctx context.Context, inputs []ledger.Input) ([]int64, error) {
	ids := make([]int64, 0, len(inputs))
	err := each(ctx, inputs, func(ctx context.Context, in ledger.Input) error {
		id, err := t.q.InsertEntity(ctx, sqlc.InsertEntityParams{
			Uid: in.UID, Ref: in.Ref, LocationKey: in.LocationKey, InputHash: in.Hash, Input: in.Body,
			GivenAt: in.Given.UnixMilli(),
		})
		ids = append(ids, id)
		return err
	})
	return ids, err
}

func (t *transaction) UpdateInputs(ctx context.Context, inputs []ledger.Input) error {
	return each(ctx, inputs, func(ctx context.Context, in ledger.Input) error {
		return t.q.UpdateInput(ctx, sqlc.UpdateInputParams{
			LocationKey: in.LocationKey, InputHash: in.Hash, Input: in.Body, GivenAt: in.Given.UnixMilli(), ID: in.ID,
		})
	})
}

func (t *transaction) PutOutputs(ctx context.Context, outputs []ledger.Output) error {
	return each(ctx, outputs, func(ctx context.Context, o ledger.Output) error {
		return t.q.PutOutput(ctx, sqlc.PutOutputParams{
			EntityID: o.ID, Hash: o.Hash, Body: o.Body, Relations: o.Relations, Errors: o.Errors, State: o.State,
			Watched: number(o.Watched),
		})
	})
}

func (t *transaction) PutFailures(ctx context.Context, outputs []ledger.Output) error {
	return each(ctx, outputs, func(ctx context.Context, o ledger.Output) error {
		return t.q.PutFailure(ctx, sqlc.PutFailureParams{
			EntityID: o.ID, Hash: o.Hash, Errors: o.Errors, State: o.State, Watched: number(o.Watched),
		})
	})
}

func (t *transaction) ClearHashes(ctx context.Context, ids []int64) error {
	return each(ctx, ids, func(ctx context.Context, id int64) error { return t.q.ClearHash(ctx, id) })
}

func (t *transaction) DeleteEntities(ctx context.Context, ids []int64) error {
	for _, table := range []func(context.Context, int64) error{
		t.q.DeleteEntity, t.q.DeleteOutput, t.q.DeleteFinal, t.q.DeleteDue, t.q.DeleteKeys,
	} {
		if err := each(ctx, ids, table); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) InsertEdges(ctx context.Context, edges []ledger.Edge) error {
	return each(ctx, edges, func(ctx context.Context, e ledger.Edge) error {
		return t.q.InsertEdge(ctx, sqlc.InsertEdgeParams{Provider: e.Provider, SourceRef: e.Source, TargetRef: e.Target})
	})
}

func (t *transaction) DeleteEdges(ctx context.Context, edges []ledger.Edge) error {
	return each(ctx, edges, func(ctx context.Context, e ledger.Edge) error {
		return t.q.DeleteEdge(ctx, sqlc.DeleteEdgeParams{Provider: e.Provider, SourceRef: e.Source, TargetRef: e.Target})
	})
}

func (t *transaction) InsertRelations(ctx context.Context, relations []ledger.Relation) error {
	return each(ctx, relations, func(ctx context.Context, r ledger.Relation) error {
		return t.q.InsertRelation(ctx, sqlc.InsertRelationParams{SourceRef: r.Source, Type: r.Type, TargetRef: r.Target, OriginRef: r.Origin})
	})
}

func (t *transaction) DeleteRelations(ctx context.Context, relations []ledger.Relation) error {
	return each(ctx, relations, func(ctx context.Context, r ledger.Relation) error {
		return t.q.DeleteRelation(ctx, sqlc.DeleteRelationParams{SourceRef: r.Source, Type: r.Type, TargetRef: r.Target, OriginRef: r.Origin})
	})
}

func (t *transaction) ReplaceKeys(ctx context.Context, keys map[int64][]string) error {
	for id, all := range keys {
		if err := t.q.DeleteKeys(ctx, id); err != nil {
			return err
		}
		for _, key := range all {
			if err := t.q.InsertKey(ctx, sqlc.InsertKeyParams{EntityID: id, Key: key}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *transaction) InsertRefused(ctx context.Context, edges []ledger.Edge) error {
	return each(ctx, edges, func(ctx context.Context, e ledger.Edge) error {
		return t.q.InsertRefused(ctx, sqlc.InsertRefusedParams{TargetRef: e.Target, SourceRef: e.Source})
	})
}

func (t *transaction) DeleteRefused(ctx context.Context, sources []string) error {
	return t.q.DeleteRefused(ctx, list(sources))
}

func (t *transaction) MarkDue(ctx context.Context, ids []int64, at time.Time) error {
	return each(ctx, ids, func(ctx context.Context, id int64) error {
		return t.q.MarkDue(ctx, sqlc.MarkDueParams{EntityID: id, At: at.UnixMilli()})
	})
}

func (t *transaction) Complete(ctx context.Context, done []ledger.Completion) error {
	t.done = append(t.done, done...)
	return each(ctx, done, func(ctx context.Context, c ledger.Completion) error {
		if c.Again.IsZero() {
			return t.q.Complete(ctx, sqlc.CompleteParams{EntityID: c.ID, Ticket: c.Ticket})
		}
		return t.q.CompleteUntil(ctx, sqlc.CompleteUntilParams{EntityID: c.ID, Ticket: c.Ticket, At: c.Again.UnixMilli()})
	})
}

func (t *transaction) PutFinals(ctx context.Context, finals []ledger.Final) error {
	return each(ctx, finals, func(ctx context.Context, f ledger.Final) error {
		return t.q.PutFinal(ctx, sqlc.PutFinalParams{EntityID: f.ID, Ref: f.Ref, Uid: f.UID, Hash: f.Hash, Body: f.Body})
	})
}

func (t *transaction) AppendChanges(ctx context.Context, changes []ledger.Change) (int64, error) {
	last, err := t.q.Advance(ctx, int64(len(changes)))
	if err != nil {
		return 0, err
	}
	position := last - int64(len(changes))
	err = each(ctx, changes, func(ctx context.Context, c ledger.Change) error {
		position++
		return t.q.InsertChange(ctx, sqlc.InsertChangeParams{Position: position, EntityID: c.ID, Ref: c.Ref, Uid: c.UID})
	})
	return last, err
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

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

var _ ledger.Tx = (*transaction)(nil)
