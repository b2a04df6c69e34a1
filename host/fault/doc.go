// Package fault holds the kinds of error that cross a package boundary, as Backstage's wire names them.
//
// A package that knows why a request cannot be served returns one of these kinds; the router alone turns it into
// a response (docs/protocol/core.md 3.1). Every other error is internal: its text goes to the log under an id, and
// only the id reaches the caller.
package fault
