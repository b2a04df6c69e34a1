package spacelift

import (
	"fmt"
	"time"
)

// newWorld makes the account of a preset.
func newWorld(options Options) (*world, error) {
	now := options.Now()
	w := &world{
		seed: options.Seed, dice: dice(mix(options.Seed, 0x77)), ambient: options.AmbientPerMinute,
		clock:   clock{now: options.Now, start: now, speed: options.Speed, time: now},
		public:  &pool{size: 8},
		spaceBy: map[string]*space{}, stackBy: map[string]*stack{},
	}
	w.addSpace(&space{id: rootSpace, name: "root", description: "Everything of Acme Parcel"})
	switch options.Preset {
	case Small:
		w.small()
	case Demo:
		w.demo()
	case Large:
		w.large()
	default:
		return nil, fmt.Errorf("unknown preset %q; there are %s, %s and %s", options.Preset, Demo, Small, Large)
	}
	w.startAmbient()
	return w, nil
}

func (w *world) addSpace(sp *space) *space {
	w.spaces = append(w.spaces, sp)
	w.spaceBy[sp.id] = sp
	return sp
}

// newStack is a stack with what all have in common; it is not in the account yet.
func (w *world) newStack(name string, sp *space) *stack {
	d := roll(mixString(w.seed, name))
	st := &stack{
		id: name, name: name, space: sp, state: stateFinished, provider: "GITHUB", namespace: "acme", repository: "infra-live",
		branch: "main", root: "stacks/" + name, vendor: "OpenTofu", version: "1.10.5", trait: PlanChanges, managesState: true,
		createdAt: w.now().AddDate(-1, 0, -d.below(500)), resources: 6 + d.below(60), step: time.Duration(8+d.below(60)) * time.Hour,
	}
	st.commit = madeUpCommit(d, st, w.now().Add(-time.Duration(2+d.below(90))*time.Hour))
	return st
}

// small is one stack that has had three runs.
func (w *world) small() {
	st := w.newStack(StackID, w.spaces[0])
	st.name, st.description = "Production network", "VPCs, subnets and peering of production."
	st.labels, st.autodeploy, st.seeded = []string{"env:prod", "folder:foundation/network"}, true, 3
	w.addStack(st)
	w.place(st, 3*time.Hour)
}
