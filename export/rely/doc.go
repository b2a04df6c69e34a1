// Package rely writes documents to Rely (export.md 2): by bulk tasks, by the older bulk request, or, where it is
// configured, as raw catalog entities.
//
//	Prepare ─► probe (is the key good? which way is there?) ─► blueprints: fetch, make what is missing ─► fit the mapping
//	Submit  ─► [once a run: blueprints again, if they were only known from earlier] ─► pacer ─► POST or PUT
//	Poll    ─► pacer ─► GET the task
//
// What Prepare finds out is stored by the engine and handed back at the next run. A run that has nothing to send then
// makes no request at all: what is known is checked right before the first write.
//
// Nothing is repeated here. An answer becomes an export.Failure, whose kind tells the engine what may be done about it
// (classify.go).
package rely
