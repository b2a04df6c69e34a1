// Package mapping turns entities into a destination's documents by jq expressions (export.md 3), and says which
// blueprints these documents need.
//
// # How a document is made
//
//	entity ─► privacy (deny, users) ─► expressions of its kind ─► checks (id, URLs, mail) ─► canonical JSON
//
// Each kind has one list of fields, made when the mapping is compiled: what all kinds have in common, and what the kind
// adds, changes or removes. An expression that is simple enough (a path, a default, a concatenation, the functions of
// the native prelude) is also compiled to Go, which answers in a fraction of the time; where such an answer would be an
// error, jq is asked instead, so that results and messages are jq's in every case. Tests hold both against each other.
// All other expressions of a kind run as a single jq program over a single conversion of the entity.
package mapping
