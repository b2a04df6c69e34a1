// Package entity is the language of the software catalog: entities and references to them, their kinds, relations
// and validation, the rows they are searched by, and the filters that select them.
//
// It follows docs/protocol/catalog.md sections 1, 2, 4 and 9.3, which doc comments cite as "catalog.md 1.4". The
// package is pure: nothing here reads, writes, logs or keeps state, and every function may be called concurrently as
// long as no two calls change the same Object.
//
// # Values
//
// A JSON value is nil, bool, float64, string, []any or *Object. Objects keep the order of their keys, because the
// order of a descriptor file is the order on the wire, and forms are built from it. ParseJSON and the sibling package
// yamlcore produce such values; AppendJSON writes them as JavaScript's JSON.stringify would, byte for byte.
//
// # From a descriptor to the index
//
//	descriptor ── ValidateEnvelope ── processors ── Policy ── SortRefs ── ValidateKind ── Relations
//	stitched entity ── SearchRows ── the index, which answers a Predicate (ParseFilter, ParsePredicate)
//
// Validation errors are *ValidationError and carry the texts that Backstage writes; malformed filters, predicates and
// field lists are *SyntaxError. Neither knows about HTTP: callers give them a kind.
package entity
