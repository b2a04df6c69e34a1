package rely_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	simulator "github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

// Servers that ignore null are found out after the first clear of a run, which is the only one that is read back. What
// follows is a matter of rely.clearing.
func TestClearing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"tasks", "bulk"} {
		for _, clearing := range []string{"null", "replace"} {
			for _, ignores := range []string{"ignore", "clear"} {
				t.Run(mode+" "+clearing+" "+ignores, func(t *testing.T) {
					t.Parallel()
					s := scene{catalog: components(t, 250, 10), sim: relytest.Start(t, unlimited())}
					s.text = strings.Replace(plainPage, "\nrely: {", fmt.Sprintf("\nrely: {api: {mode: %s}, clearing: %s, ", mode, clearing), 1)
					if err := s.sim.SetSwitches(simulator.Switches{Null: ignores}); err != nil {
						t.Fatal(err)
					}
					p := s.start(t)
					if r := p.migrate(""); r.Status != "succeeded" {
						t.Fatalf("%+v", r)
					}
					for i := 1; i <= 230; i++ {
						s.catalog.set(t, i, fmt.Sprintf(`{"kind":"Component","metadata":{"name":"c-%05d"}}`, i-1))
					}
					before := len(s.sim.Requests())
					r := p.migrate("")
					reads := 0
					for _, q := range s.sim.Requests()[before:] {
						if q.Method == "GET" && strings.HasPrefix(q.Path, "/api/v1/entities/") {
							reads++
						}
					}
					warned := slices.ContainsFunc(r.Warnings, func(w string) bool {
						return strings.HasPrefix(w, "stale_fields: ") && strings.Contains(w, " 230 entities keep properties.type, relations.ownerTeam;")
					})
					if r.Status != "succeeded" || r.Counts.Sent != 230 || reads < 1 || reads > 2 || warned != (ignores == "ignore" && clearing == "null") {
						t.Errorf("%d reads, %+v", reads, r)
					}
					for _, name := range []string{"c-00000", "c-00229"} {
						e := s.stored(t, "component.default."+name)
						stale := ignores == "ignore" && clearing == "null"
						if (e.Properties["type"] != nil) != stale || (e.Relations["ownerTeam"] != nil) != stale || e.Relations["dependsOnComponents"] != nil || e.Properties["kind"] != "Component" {
							t.Errorf("%s: %+v", name, e)
						}
					}
				})
			}
		}
	}
}
