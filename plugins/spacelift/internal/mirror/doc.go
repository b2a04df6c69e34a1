// Package mirror keeps the store like Spacelift, and the memory of this replica like the store.
//
//	Sweep  task: every stack, page by page, into the store. Only a sweep that is complete and proven lets stacks go.
//	Live   task: the stacks that move, in one paged query; those that have left it, one by one.
//	Run    every replica: follows the store's change counter, and builds a new Snapshot when it moves.
//
// Sweep and Live write only, Snapshot is read only: it is immutable, and the answers that are asked for most are built
// with it. Whoever wants to know of changes subscribes.
//
// Live costs Spacelift nothing between two looks: every 5 s while something moves, every 30 s while nothing does, and less
// often where so much moves that it would take more than half of the requests that we allow ourselves.
package mirror
