// Package spacelift is a Spacelift account that does not exist: the part of its GraphQL API that clients use, keys and tokens
// as the real one hands them out, runs that go through their states on a clock of their own, and faults on demand
// (spacelift.md 8). It is for tests, for benchmarks and for the demo; nothing in it is for production.
//
//	POST /graphql ─> graphql.go: faults, identity, journal ─> graph-gophers over schema.graphql ─> views ─┐
//	control port ─> control.go: clock, faults, forced states, journal                                     ├─> world
//	Run, Advance ─> clock.go: events in the order of their time ─> lifecycle.go, workers.go ───────────────┘
//
// Everything random comes from Options.Seed, and every time from Options.Now and Advance, so that two simulators with the same
// options that are asked the same things answer the same.
package spacelift
