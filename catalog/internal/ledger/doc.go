// Package ledger is the catalog's truth in SQL: who gave us which entity, what processing made of it, how entities hang
// together, and the finished entities that readers see.
//
//	provider ─ Apply ─┐                          ┌─ outputs, edges, relations
//	                  ├─ entities + due ─ Claim ─┤ processing (package ingest)
//	Location ─ Commit ┘                          └─ Commit ─ stitch ─ finals + changes ─ readers tail the change log
//
// Everything that one write brings about (raw and processed entities, edges, relations, finished entities, their rows in the
// change log) is one transaction: there is no queue of stitches that could be lost or lag behind (catalog.md 12).
//
// Invariants:
//   - Writing transactions follow one another across all replicas. On SQLite there is one writer; on PostgreSQL each takes
//     one advisory lock first. So positions of the change log have no gaps and commit in order, two writers that touch the
//     same group never overwrite each other's stitch, and there is no order of row locks in which they could deadlock.
//   - An entity is due when it has a row in due, and only then: an idle catalog has none and writes nothing.
//   - Completing work deletes that row only if its ticket is the claimed one, so a mark set meanwhile is never lost.
//
// The rules (location keys, removal, stitching) are written once, in this package, over the small contract Store and Tx; the
// packages sqlite and postgresql fulfil it, and ledgertest holds them to it.
package ledger
