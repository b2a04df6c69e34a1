// Package tail reads the log of a run once for all who follow it.
//
//	viewer ─┐                    ┌ history: which states the run came into
//	viewer ─┼─ Tail (one a run) ─┤
//	viewer ─┘   keeps what came  └ logs of one phase after the other, page by page
//
// A Tail reads while somebody follows it, and goes on at most a minute after that as a memory for those who come back. It
// asks as spacelift.md 5.6 says: phase by phase, each known by its stateVersion, since a state may come twice; after a page
// with nothing new it waits a second longer each time, five at most. All tails together have their own share of what we
// allow ourselves of the account, so that logs hold up neither the sync nor those who look at stacks.
//
// Readers have positions, a phase and a number of messages in it, which mean the same in every replica. What is kept is
// bounded: the oldest messages go first, and who needed them is told that some are left out.
package tail
