package spacelift

import (
	"fmt"
	"slices"
	"time"
)

// Sizes of the preset Large (spacelift.md 8.5).
const (
	largeStacks = 10_000
	largeRuns   = 200_000
	largePools  = 60
)

// largeStates are hundred stacks' worth of states, in percent of spacelift.md 8.5.
func largeStates() []string {
	var states []string
	for _, share := range []choice[string]{
		{70, stateFinished},
		{8, stateFailed},
		{5, stateUnconfirmed},
		{5, stateNone},
		{1, statePlanning},
		{1, stateApplying},
		{1, statePreparing},
		{1, stateInitializing},
		{4, stateDiscarded},
		{2, stateStopped},
		{1, stateConfirmed},
		{1, stateReplanRequested},
	} {
		states = append(states, slices.Repeat([]string{share.value}, share.weight)...)
	}
	return states
}

var largeTraits = []choice[Trait]{{60, PlanChanges}, {15, PlanNoop}, {15, FailPlan}, {5, FailInit}, {5, FailApply}}

// large makes stacks only. Their runs come out of the seed when somebody asks, but for those that are under way.
func (w *world) large() {
	spaces := w.largeSpaces()
	for n := range largePools {
		name := fmt.Sprintf("pool-%02d", n)
		w.pools = append(w.pools, &pool{id: id(founded(), mixString(w.seed, name)), name: name, size: 4})
	}
	states, with := largeStates(), 0
	all := make([]*stack, largeStacks)
	for n := range all {
		all[n] = w.largeStack(n, spaces[n%len(spaces)])
		all[n].state = states[n*37%len(states)] // 37 and 100 have no common divisor
		if all[n].state != stateNone {
			with++
		}
		w.addStack(all[n])
	}
	placed := 0
	for n, st := range all {
		if st.state != stateNone {
			st.seeded = share(largeRuns, with, placed)
			placed++
		}
		w.place(st, time.Duration(1+n%(24*60))*time.Minute+time.Hour)
	}
}

// largeSpaces are 120, four deep: the root, 7, 4 in each, 3 in each of those.
func (w *world) largeSpaces() []*space {
	level := []*space{w.spaces[0]}
	for _, width := range []int{7, 4, 3} {
		var next []*space
		for _, parent := range level {
			for n := range width {
				name := fmt.Sprintf("%s-%c", parent.name, 'a'+n)
				made := id(founded(), mixString(w.seed, name))
				next = append(next, w.addSpace(&space{id: name + "-" + made, name: name, parent: parent, description: "Space " + name}))
			}
		}
		level = next
	}
	return w.spaces
}

func (w *world) largeStack(n int, sp *space) *stack {
	d := roll(w.seed, 0x1a, uint64(n)) //nolint:gosec // a count
	env, what, team := d.pick([]string{"prod", "staging", "dev"}), d.pick(largeThings), d.below(40)
	st := w.newStack(fmt.Sprintf("%s-%s-%05d", env, what, n), sp)
	st.description = fmt.Sprintf("The %s of team %d in %s.", what, team, env)
	st.labels = []string{
		"env:" + env, fmt.Sprintf("team:%d", team), "kind:" + what, fmt.Sprintf("folder:%s/team-%d", env, team),
		fmt.Sprintf("cost-center:%d", 1000+d.below(200)),
	}
	st.vendor = weighted(d, []choice[string]{
		{45, "OpenTofu"}, {35, "Terraform"}, {8, "Terragrunt"}, {5, "Kubernetes"}, {3, "Pulumi"}, {2, "Ansible"}, {2, "CloudFormation"},
	})
	st.repository = fmt.Sprintf("infra-%d", team)
	st.trait, st.autodeploy = weighted(d, largeTraits), d.chance(40)
	if d.chance(30) {
		st.pool = w.pools[d.below(len(w.pools))]
	}
	return st
}

var largeThings = []string{"network", "database", "cluster", "queue", "bucket", "cdn", "cache", "identity", "alerts", "service"}
