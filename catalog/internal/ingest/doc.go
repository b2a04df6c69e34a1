// Package ingest turns what providers and locations give us into processed entities, and keeps doing so.
//
//	Provider ─ Connection.Apply ─> ledger ─ Claim ─> Engine ─ Orchestrator.Process ─> ledger.Commit
//	                                  ^                 │ placeholders, validation, reading of Locations,
//	                                  └─ children ──────┘ relations, rules
//
// Work follows change: an entity is processed when somebody changed it, not because time passed. What processing read
// from files is remembered with size, time and hash, and a sweep on catalog.processingInterval compares; only where a file
// differs is the entity made due. A pass in which nothing changed writes nothing.
//
// Processing is all or nothing for one entity (catalog.md 7.5): one unreadable target, one bad document, one disallowed
// kind, and none of the entity's new children count; what it emitted before stays.
//
// The built-in processors are in this package (builtin.go, annotate.go, files.go, placeholder.go); others implement the same
// small interfaces (processor.go).
package ingest
