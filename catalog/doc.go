// Package catalog is the software catalog: the plugin "catalog" behind Backstage's routes, and the interfaces of those who
// feed it.
//
//	providers, catalog.locations ─> internal/ingest ─> internal/ledger (SQL, the truth)
//	                                                        │ change log
//	                       routes <─ internal/httpapi <─ internal/index (memory, the reader)
//
// Every replica tails the change log of the ledger into its own index and answers all reads from that. A mutation answers
// after its own replica's index has passed the position of the change, so that people read their own writes.
//
// Others feed the catalog by a Provider or a Processor, given to New.
package catalog
