package ingest_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

func TestLocationStore(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		file := dir + "/x.yaml"
		write(t, file, component("a"))
		store := &ingest.LocationStore{Ledger: f.ledger}
		f.connect(t, store)
		l := entity.LocationRef{Type: "file", Target: file}
		registered, err := store.Register(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		f.settle(t)
		f.expect(t, "component:default/a")
		if _, err := store.Register(t.Context(), l); !fault.Is(err, fault.NameConflict) || err.Error() != "Location file:"+file+" already exists" {
			t.Errorf("registering twice: %v", err)
		}
		// Deleting the entity leaves the row: the entity returns at the next start.
		if _, err := f.ledger.DeleteByUID(t.Context(), f.get(t, registered.EntityRef).UID()); err != nil {
			t.Fatal(err)
		}
		f.settle(t)
		f.expect(t)
		f.connect(t, store)
		f.settle(t)
		f.expect(t, "component:default/a")
		if err := store.Unregister(t.Context(), registered.ID); err != nil {
			t.Fatal(err)
		}
		f.expect(t)
		if err := store.Unregister(t.Context(), registered.ID); !fault.Is(err, fault.NameNotFound) || !strings.Contains(err.Error(), registered.ID) {
			t.Errorf("unregistering twice: %v", err)
		}
	})
}

// TestHugeGroup holds what a change of one member of a large group does to the group.
func TestHugeGroup(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		const members = 2000
		var b strings.Builder
		b.WriteString("apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: {name: all}\nspec: {type: team, children: []}\n")
		user := func(i int, group string) string {
			return "---\napiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: u" + strconv.Itoa(i) + "}\nspec: {memberOf: [" + group + "]}\n"
		}
		for i := range members {
			b.WriteString(user(i, "all"))
		}
		file, one := dir+"/all.yaml", dir+"/one.yaml"
		write(t, file, b.String())
		write(t, one, user(members, "all"))
		f.read(t, file, one)
		count := func() int { return len(f.get(t, "group:default/all").Path("relations").([]any)) }
		if n := count(); n != members+1 {
			t.Fatalf("the group has %d relations", n)
		}
		write(t, one, user(members, "other"))
		f.reread(t)
		if n := count(); n != members {
			t.Errorf("after one left the group has %d relations", n)
		}
	})
}
