// Package remote reads the catalog of another backend over Backstage's HTTP API (catalog.md 5 and 9), as whoever asks: with
// a token of the calling plugin, on behalf of the user where a user asks.
//
//	Entities ─> walk: by-query, page after page ─┐
//	ByRefs ───> chunks of refs, two at once ─────┼─> do: token, deadline, retries, bounded body, metrics
//	ByRef ────> by-name ─────────────────────────┤
//	Changed ──> comparison: a walk of etags ─────┘
//
// What holds: a walk yields each entity once and ends without an error only if it has seen as many as the catalog says that
// it has; every filter is applied here again, whatever the peer made of it; only reads are sent, so each request may be
// repeated; and nothing runs unless somebody waits for it.
//
// It keeps no copy of entities, and a walk is no snapshot: others write meanwhile (Reader.Consistent).
package remote
