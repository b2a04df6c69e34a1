// Package store keeps what the plugin knows: the stacks as Spacelift last told of them, how the sync is doing, and every
// trigger that was asked for here.
//
// A change counter orders what readers can see. Every writer takes the row that holds it first, so that the counter
// grows in the order of commits; a reader that knows it up to n asks for the rows with more. Stacks leave a tombstone
// behind, so that such a reader learns of it, until that is removed a day later.
//
// A write inside a scheduled task checks the task's lease in its own transaction.
//
// The SQL is the same for both databases, but for how they write parameters; two small types speak to them.
package store
