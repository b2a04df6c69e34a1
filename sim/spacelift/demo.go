package spacelift

import "time"

// demoStack is a line of the demo. The component is one of examples/acme.
type demoStack struct {
	id, space, component, team, vendor, state, description string
	change                                                 func(*stack)
}

// demo is the infrastructure of Acme Parcel, in the middle of an ordinary day.
func (w *world) demo() {
	spaces := w.demoSpaces()
	private := &pool{id: id(founded(), mix(w.seed, 1)), name: "eu-private", size: 4}
	nights := &pool{id: id(founded(), mix(w.seed, 2)), name: "maintenance-window"} // no workers by day
	w.pools = append(w.pools, private, nights)
	lines := demoStacks(private, nights)
	for _, line := range lines {
		w.addStack(w.demoStack(line, spaces[line.space]))
	}
	w.demoDependencies()
	const runs, extra = 300, 6
	with := 0
	for _, line := range lines {
		if line.state != stateNone {
			with++
		}
	}
	n := 0
	for _, line := range lines {
		st := w.stackBy[line.id]
		if st.state != stateNone {
			st.seeded = share(runs-extra, with, n)
			n++
		}
		d := roll(mixString(w.seed, "ago"+line.id))
		w.place(st, 26*time.Hour+time.Duration(d.below(9*24*60))*time.Minute)
	}
	w.demoExtras()
}

// share is the n-th part of a total that is dealt evenly.
func share(total, parts, n int) int {
	if n < total%parts {
		return total/parts + 1
	}
	return total / parts
}

func (w *world) demoSpaces() map[string]*space {
	spaces := map[string]*space{rootSpace: w.spaces[0]}
	for _, line := range []struct{ name, parent, description string }{
		{"foundation", rootSpace, "Networks, clusters and what everything stands on"},
		{"data", "foundation", "Event bus, lake and warehouse"},
		{"logistics", rootSpace, "Routing, tracking and couriers"},
		{"commerce", rootSpace, "The shop and the apps"},
		{"payments", "commerce", "Prices, invoices and money"},
	} {
		made := id(founded(), mixString(w.seed, line.name))
		spaces[line.name] = w.addSpace(&space{
			id: line.name + "-" + made, name: line.name, description: line.description, parent: spaces[line.parent],
			labels: []string{"company:acme"},
		})
	}
	return spaces
}

func (w *world) demoStack(line demoStack, sp *space) *stack {
	st := w.newStack(line.id, sp)
	env := "prod"
	if st.id[0] != 'p' || st.id[:3] == "pre" {
		env, st.autodeploy = "staging", true
	}
	st.description, st.vendor, st.state = line.description, line.vendor, line.state
	st.labels = []string{"env:" + env, "team:" + line.team, "folder:" + env + "/" + line.team}
	if line.component != "" {
		st.labels = append(st.labels, "component:"+line.component)
	}
	st.root = env + "/" + line.id
	st.version = map[string]string{"Terraform": "1.5.7", "OpenTofu": "1.10.5", "Terragrunt": "1.5.7", "Pulumi": "3.192.0"}[line.vendor]
	st.policies = []attachment{
		{id: "no-public-buckets", name: "No public buckets", kind: "PLAN"}, {id: "main-only", name: "Only main deploys", kind: "GIT_PUSH"},
	}
	st.contexts = []attachment{{id: "aws-" + env, name: "AWS " + env, priority: 1}}
	if line.change != nil {
		line.change(st)
	}
	return st
}

func (w *world) demoDependencies() {
	for _, pair := range [][2]string{
		{"prod-cluster-eu", "prod-network"},
		{"prod-cluster-us", "prod-network"},
		{"prod-dns", "account-baseline"},
		{"prod-tracking-api", "prod-cluster-eu"},
		{"prod-tracking-api", "prod-parcels-db"},
		{"prod-scan-ingest", "prod-scan-topic"},
		{"prod-web-shop", "prod-cdn"},
		{"prod-shop-bff", "prod-session-cache"},
		{"prod-reports", "prod-warehouse"},
		{"staging-cluster", "staging-network"},
	} {
		st, on := w.stackBy[pair[0]], w.stackBy[pair[1]]
		st.dependsOn = append(st.dependsOn, on)
		on.dependedOnBy = append(on.dependedOnBy, st)
	}
}

// demoExtras are runs in the states that no stack shows.
func (w *world) demoExtras() {
	w.extra("prod-cluster-eu", typeTracked, stateQueued, 2*time.Hour)
	w.extra("prod-cluster-eu", typeProposed, statePendingReview, time.Hour)
	w.extra("prod-web-shop", typeProposed, stateCanceled, 3*time.Hour)
	w.extra("prod-lake", typeProposed, stateSkipped, 5*time.Hour)
	drifted := w.extra("prod-routes-db", typeProposed, stateFinished, 6*time.Hour)
	w.extra("prod-routes-db", typeTask, statePerforming, 0)
	drifted.drift, drifted.title, drifted.delta = true, "Drift detection", &delta{change: 2, resources: drifted.stack.resources}
}

// extra adds a run of the past, or one that is under way.
func (w *world) extra(stackID, kind, state string, ago time.Duration) *run {
	st := w.stackBy[stackID]
	w.load(st)
	w.created++
	r := &run{key: mix(w.seed, 0x52, w.created), stack: st, kind: kind, state: state, branch: st.branch}
	d := roll(r.key)
	r.commit = madeUpCommit(d, st, w.now().Add(-ago))
	r.title, r.created = r.commit.message, w.now()
	switch kind {
	case typeTask:
		r.command, r.triggeredBy = d.pick(tasks), d.pick(people)
		r.title = r.command
	case typeProposed:
		r.branch = d.pick(branches)
	}
	w.seedHistory(r, d)
	back := r.updated().Sub(r.created) + dwell(state)/4 + ago
	r.created = r.created.Add(-back)
	for i := range r.history {
		r.history[i].at = r.history[i].at.Add(-back)
	}
	r.id, r.millisecond = id(r.created, r.key), r.created.UnixMilli()
	st.runs = append(st.runs, r)
	if !terminal(state) {
		w.resume(r)
	}
	return r
}

func demoStacks(private, nights *pool) []demoStack {
	return append(demoFoundation(), demoProducts(private, nights)...)
}

func demoFoundation() []demoStack {
	return []demoStack{
		{"prod-network", "foundation", "infra-live", "platform", "OpenTofu", stateFinished, "VPCs, peering and NAT of production.", func(st *stack) {
			st.protect, st.starred = true, true
		}},
		{"staging-network", "foundation", "infra-live", "platform", "OpenTofu", stateFinished, "The same network, smaller.", nil},
		{"prod-dns", "foundation", "infra-live", "platform", "Terraform", stateFinished, "Zones and records of acme.example.com.", nil},
		{"prod-cluster-eu", "foundation", "cluster-eu", "platform", "OpenTofu", stateUnconfirmed, "Kubernetes in eu-west-1: control plane, node groups, add-ons.", func(st *stack) {
			st.approval, st.trait = true, PlanChanges
			st.policies = append(st.policies, attachment{id: "two-pairs-of-eyes", name: "Two pairs of eyes", kind: "APPROVAL"})
		}},
		{"prod-cluster-us", "foundation", "cluster-us", "platform", "OpenTofu", stateFinished, "Kubernetes in us-east-1.", nil},
		{"staging-cluster", "foundation", "", "platform", "OpenTofu", statePlanning, "One cluster for everything that is not production.", nil},
		{"prod-vault", "foundation", "vault", "security", "Terraform", stateFinished, "Secrets: seal keys, policies, audit devices.", func(st *stack) {
			st.lockedBy, st.lockNote = "mina.park@acme.example.com", "Key rotation under way, ask in #security"
			st.lockedAt = st.createdAt.AddDate(1, 0, 0)
		}},
		{"prod-identity", "foundation", "identity", "security", "OpenTofu", stateFinished, "Signs people and services in.", nil},
		{"prod-identity-db", "foundation", "identity-db", "security", "OpenTofu", stateConfirmed, "PostgreSQL of the identity service.", nil},
		{"staging-identity", "foundation", "identity", "security", "OpenTofu", stateFinished, "Disabled until the new realm is in.", func(st *stack) {
			st.disabled = true
		}},
		{"prod-deploy-bot", "foundation", "deploy-bot", "platform", "Kubernetes", stateFinished, "Rolls out, watches, rolls back.", nil},
		{"prod-portal", "foundation", "portal", "platform", "OpenTofu", stateApplying, "The developer portal, its database and its bucket.", func(st *stack) {
			st.autodeploy = true
		}},
		{"account-baseline", rootSpace, "", "security", "CloudFormation", stateFinished, "What every AWS account starts with.", func(st *stack) {
			st.administrative, st.managesState = true, false
		}},
		{"prod-observability", "foundation", "", "platform", "Terragrunt", stateFailed, "Metrics, logs, traces, and who gets paged.", func(st *stack) {
			st.trait = FailPlan
		}},
		{"bastion-hosts", "foundation", "", "platform", "Ansible", stateStopped, "Packages and keys of the last two bastions.", func(st *stack) {
			st.managesState = false
		}},
		{"prod-event-bus", "data", "event-bus", "data-platform", "OpenTofu", stateFinished, "Kafka, nine brokers.", nil},
		{"prod-lake", "data", "lake", "data-platform", "OpenTofu", stateFinished, "Buckets, catalog and retention.", nil},
		{"prod-warehouse", "data", "", "data-platform", "Terraform", statePreparing, "Tables that people ask questions of.", nil},
		{"prod-event-archiver", "data", "event-archiver", "data-platform", "Kubernetes", stateFinished, "Writes events to the lake.", nil},
		{"prod-reports", "data", "reports", "data-platform", "Pulumi", stateDiscarded, "Dashboards and the jobs behind them.", nil},
		{"staging-event-bus", "data", "event-bus", "data-platform", "OpenTofu", stateFinished, "Kafka, three brokers.", nil},
	}
}

func demoProducts(private, nights *pool) []demoStack {
	return []demoStack{
		{"prod-routes-db", "logistics", "routes-db", "routing", "OpenTofu", stateFinished, "PostgreSQL with PostGIS.", func(st *stack) {
			st.pool, st.drift, st.drifted = private, &drift{schedule: "0 3 * * *"}, 2
		}},
		{"prod-scan-topic", "logistics", "scan-topic", "tracking", "OpenTofu", stateReplanRequested, "scans.v1 and who may read it.", nil},
		{"prod-parcels-db", "logistics", "parcels-db", "tracking", "Terraform", stateUnconfirmed, "ScyllaDB, one row a scan.", nil},
		{"prod-proofs-bucket", "logistics", "proofs-bucket", "couriers", "OpenTofu", stateFinished, "Proofs of delivery, kept seven years.", func(st *stack) {
			st.pool, st.drift, st.protect = private, &drift{schedule: "30 3 * * *", reconcile: true}, true
		}},
		{"prod-tracking-api", "logistics", "tracking-api", "tracking", "OpenTofu", stateFinished, "Load balancer, autoscaling and alarms of the tracking API.", func(st *stack) {
			st.autodeploy = true
		}},
		{"staging-tracking-api", "logistics", "tracking-api", "tracking", "OpenTofu", stateInitializing, "The tracking API before it is one.", nil},
		{"prod-scan-ingest", "logistics", "scan-ingest", "tracking", "Kubernetes", stateFinished, "Takes 40,000 scans a second on a Monday.", nil},
		{"prod-route-planner", "logistics", "route-planner", "routing", "OpenTofu", stateFinished, "Solver nodes, by night.", func(st *stack) {
			st.autodeploy = true
		}},
		{"staging-route-planner", "logistics", "route-planner", "routing", "OpenTofu", stateFailed, "Fails at init since the registry moved.", func(st *stack) {
			st.trait = FailInit
		}},
		{"prod-handover-service", "logistics", "handover-service", "couriers", "OpenTofu", stateFinished, "Lockers, shops and doors.", nil},
		{"prod-cdn", "commerce", "cdn", "storefront", "Terraform", statePreparingApply, "Caches the shop close to people.", nil},
		{"prod-web-shop", "commerce", "web-shop", "storefront", "OpenTofu", stateFinished, "Where parcels are paid for.", func(st *stack) {
			st.autodeploy, st.starred = true, true
		}},
		{"prod-shop-bff", "commerce", "shop-bff", "storefront", "Kubernetes", stateFinished, "What the shop and the app talk to.", nil},
		{"prod-session-cache", "commerce", "session-cache", "storefront", "OpenTofu", statePreparingReplan, "Redis, three shards.", nil},
		{"preview-checkout-next", "commerce", "checkout-next", "storefront", "OpenTofu", stateDestroying, "A preview that is going away.", nil},
		{"prod-pricing-db", "payments", "pricing-db", "payments", "OpenTofu", stateFinished, "Tariffs and contracts.", nil},
		{"prod-accounts-db", "payments", "accounts-db", "payments", "OpenTofu", stateFinished, "The books.", func(st *stack) {
			st.protect, st.trait = true, PlanNoop
		}},
		{"prod-payments-topic", "payments", "payments-topic", "payments", "OpenTofu", stateNone, "payments.v2; never applied yet.", nil},
		{"prod-billing-monolith", "payments", "billing-monolith", "payments", "Terraform", stateReady, "Shut down in spring; what is left is being destroyed.", func(st *stack) {
			st.deleting, st.pool = true, nights
		}},
	}
}

// founded is when spaces and pools came to be: always the same, so that their ids can stand in a configuration.
func founded() time.Time { return time.Date(2024, 2, 1, 9, 0, 0, 0, time.UTC) }
