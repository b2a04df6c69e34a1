// Package index is the reader of the software catalog: it answers every query from memory.
//
// The ledger in SQL holds the truth; the index tails its change log. One writer calls Apply with a batch of changes
// and publishes a new Snapshot; readers take the current Snapshot from an atomic pointer and never wait. A Snapshot
// never changes, so whatever a request reads from one is consistent.
//
// # How it is built
//
// The index is log structured, as Lucene's is. A batch becomes a segment; Apply merges segments of like size, so that
// there are few of them and each entity is rewritten a logarithmic number of times. A change of an entity marks its old
// version dead in the segment that holds it (a bitmap beside the segment) and adds the new one; a segment with too many
// dead is rewritten. Segments are never changed once built.
//
//	Snapshot ── view ── segment   documents in the order of their uids: body, uid, ref
//	        │       └── dead      terms in the order of (key, value), each with its documents
//	        └── view …            columns, text: made when first asked for
//
// Within a segment documents are numbered in the order of their uids and terms in the order of their values. A posting
// list is therefore in uid order, numbers compare as the strings behind them do, and a query compares strings only where
// it merges segments. A segment holds at most maxDocs documents, so that a number fits 16 bits and a merge is short.
// Long posting lists are roaring bitmaps, short ones lie in one array, and a term of a single document, the most common
// kind, costs twelve bytes and no list: its text is not stored again either when the document's body contains it.
//
// # What it promises
//
// Filters, order, paging, facets and full text follow catalog.md 2, 4 and 5 on the rows of entity.SearchRows; the
// package's property test holds it to entity.Match and a plain sort. Order is bytewise on lower-cased values, then by
// uid. Bodies are the ledger's bytes, handed out untouched. A casing conflict (catalog.md 11) does not hide an entity: its rows are
// those of the first casing.
//
// It does not decide who may see what, and does not know cursors' wire form: both are httpapi's.
package index
