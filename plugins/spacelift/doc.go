// Package spacelift is the plugin spacelift-io: stacks and runs of one Spacelift account, and triggers that tell the
// truth. It serves the official plugin's contract (spacelift.md 1) and its own v1 (openapi.yaml).
//
//	Spacelift ─ client ─┬─ sweep: every stack, every ten minutes ──┐
//	                    └─ live:  stacks that move, every 5 s ─────┴─> store ─> snapshot ─> /stacks, /v1/stacks, events
//	                         ^                                           ^      (one a replica)
//	                         └────────── trigger: row, baseline, POST ───┘
//
// Nothing that a reader asks reaches Spacelift, but for a single stack's page and its runs: what Spacelift sees of us
// does not depend on how many look. The two tasks run in one replica at a time (host/schedule); every replica serves from
// memory, and follows the store.
//
// The parts are internal: client (GraphQL), state (what states mean), store (tables on both databases), mirror (the tasks
// and the snapshot), trigger (a run is asked for once), httpapi (the routes).
package spacelift
