// Package export sends the software catalog to other systems: the engine of runs, plans, chunks and the ledger of what
// each destination has. What speaks to one destination is a Destination; each is a package inside this one.
//
// A request, a tick or the ladder of retries puts a run into its row, and no more. The runner of whichever replica holds the
// destination's lease does it:
//
//	queued → running ─ plan ─ write ─ finish → succeeded | partial | failed | cancelled | auth_failed | not_entitled
//	           ↑                                     │
//	           └───────────── resume ────────────────┘
//
//	planned → sending → submitted → settled
//	   ↑         │          ├─────→ split (into chunks that are planned) | failed
//	   └─────────┴──────────┴─────→ parked ─ resume → submitted | planned
//
// What holds at all times: a chunk is in the store before any of it is sent, and its ticket before it is asked about; what
// takes a chunk's place is written in the same transaction that ends it; the ledger says what the destination has, and is
// written in the transaction that settles the chunk; and nothing is written by a runner that has lost the lease, because
// each of its transactions holds the lease's ticket. So a crash loses nothing, and repeats at most what was under way.
//
// The catalog is never held as a whole: entities stream through the mapper on all cores into chunks of at most a payload's
// size, one for each stage, which go to the store when they are full.
//
// A local catalog is one snapshot, so that what is not in it is gone. One that is read over HTTP is not: there an entity is
// gone when the readings of two runs have missed it and the catalog, asked for it by name, does not have it. The ledger
// keeps how many readings have missed it (gone.go).
//
// It does not know how a document looks, nor how a destination is spoken to; it does not delete.
package export
