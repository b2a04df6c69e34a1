package export_test

import (
	"testing"

	"github.com/understudy-portal/understudy/host/database/databasetest"
	simrely "github.com/understudy-portal/understudy/sim/rely"
)

// A system has an owner, who is a user, who is in a group, which has the user as a member: whoever comes first refers to
// what is not there yet.
func TestDanglingRelationsAreRefused(t *testing.T) {
	t.Parallel()
	for _, atomicity := range []string{"all", "partial"} {
		for _, mode := range []string{"tasks", "bulk"} {
			t.Run(atomicity+" "+mode, func(t *testing.T) {
				t.Parallel()
				s := lifted()
				s.mode = mode
				s.sim.Switches = simrely.Switches{Dangling: "reject", TaskAtomicity: atomicity}
				p := newPortal(t, databasetest.SQLite(t), newCatalog(0), s)
				p.catalog.add("user:default/ann", `{"kind":"User","metadata":{"name":"ann"},"spec":{},"relations":[{"type":"memberOf","targetRef":"group:default/team"}]}`)
				p.catalog.add("group:default/team", `{"kind":"Group","metadata":{"name":"team"},"spec":{"type":"team"},"relations":[{"type":"hasMember","targetRef":"user:default/ann"}]}`)
				p.catalog.add("component:default/svc", `{"kind":"Component","metadata":{"name":"svc"},"spec":{"type":"service"},"relations":[{"type":"ownedBy","targetRef":"group:default/team"},{"type":"providesApi","targetRef":"api:default/api"}]}`)
				p.catalog.add("api:default/api", `{"kind":"API","metadata":{"name":"api"},"spec":{"type":"openapi"},"relations":[{"type":"apiProvidedBy","targetRef":"component:default/svc"}]}`)
				plan := p.migrate("&dryRun=true&digest=true")
				run := p.migrate("")
				if run["status"] != "succeeded" {
					t.Fatalf("%v", run)
				}
				if plan["digest"] != p.sim.Digest() {
					t.Error("the digests differ")
				}
				if again := p.migrate(""); counts(again)["requests"] != 0.0 {
					t.Errorf("%v", counts(again))
				}
			})
		}
	}
}
