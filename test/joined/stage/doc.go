// Package stage puts a Node Backstage backend and Understudy beside each other, as the people who join them have it: each a
// process of its own, with the configuration of examples/joined word for word, its blanks filled by environment variables.
//
//	PostgreSQL ◄── Node backend (test/joined/node, packages of a set) ◄──► understudy serve ──► simulators of Spacelift and Rely
//	     ▲                                                                        │
//	     └────────────────────────────────────────────────────────────────────────┘
//
// [Open] prepares addresses, databases and simulators, and starts nothing: each side is a [Process] that tests start, stop,
// kill and start again in whatever order they are about. With several replicas of Understudy, Node reaches them through a
// load balancer of the stage's own. Both sides write their logs to files of the stage's folder.
//
// The package knows both databases' prefix, and drops what carries it when the stage is closed.
package stage
