package export

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

var damage = []*host.EntityError{
	{Ref: "component:default/damaged", Err: errors.New("nested too deeply")}, {Err: errors.New("no kind")},
}

// TestARetryWithADamagedEntity: one entity that cannot be read keeps no other from being sent, and one that cannot even be
// named is not asked for.
func TestARetryWithADamagedEntity(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.catalog.paged = true
	r.fill(4)
	r.catalog.bad = damage
	r.dest.limits.MaxEntities = 2
	r.dest.fault = func(call string, _ []string) error {
		if call == "submit" {
			return &Failure{Kind: Invalid, Status: 422, Message: "no", Items: map[int]string{0: "no", 1: "no"}}
		}
		return nil
	}
	failed := r.run()
	r.want(failed, statusPartial)
	r.dest.fault = nil
	retry, err := r.retryFailed(t.Context(), failed.id, "user:default/jane", nil)
	if err != nil {
		t.Fatal(err)
	}
	row := r.ended(retry.id)
	r.want(row, statusPartial)
	if c := row.progress.Counts; c.Read != 5 || c.Unmappable != 1 || len(r.dest.has()) != 4 || row.err != "" {
		t.Errorf("%+v, %q, the destination has %q", c, row.err, r.dest.has())
	}
	items, err := r.store.items(t.Context(), row.id, "", []string{itemFailed}, 10)
	if err != nil || len(items) != 1 || items[0].EntityRef != damage[0].Ref || !strings.Contains(items[0].Message, "nested too deeply") {
		t.Errorf("%+v, %v", items, err)
	}
	// What is left is what is damaged; a ladder of retries goes by it alone.
	if refs, err := r.store.failedRefs(t.Context(), failed.id); err != nil || slices.Contains(refs, unnamedRef) {
		t.Errorf("%q, %v", refs, err)
	}
}

// damagedByName is a catalog of which an entity cannot be read when it is asked for by its ref.
type damagedByName struct {
	*fakeCatalog
	ref string
}

func (c damagedByName) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	found, err := c.fakeCatalog.ByRefs(ctx, who, refs)
	if at := slices.Index(refs, c.ref); at >= 0 && err == nil {
		found[at], err = nil, errors.Join(&host.EntityError{Ref: c.ref, Err: errors.New("nested too deeply")})
	}
	return found, err
}

// TestDamagedAreNotGone: what readings have missed and what is damaged when it is asked for is there, so it is no candidate;
// and a digest does not fail for what has been damaged since it was planned.
func TestDamagedAreNotGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.catalog.paged = true
	r.fill(3)
	r.candidates()
	const ref = "component:default/c0001"
	r.opts.Catalog = damagedByName{r.catalog, ref}
	row := r.run(func(q *request) { q.digest = true })
	r.want(row, statusSucceeded)
	if !slices.ContainsFunc(row.progress.Warnings, func(w string) bool { return strings.Contains(w, "the catalog changed meanwhile") }) {
		t.Errorf("%q", row.progress.Warnings)
	}
	r.catalog.set(func() { r.catalog.hidden = map[string]bool{ref: true} })
	for range 3 {
		if n := r.candidates(); n != 0 {
			t.Errorf("%d candidates", n)
		}
	}
}
