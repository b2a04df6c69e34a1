// Package httpapi serves the routes of the software catalog (catalog.md 3 to 6).
//
//	request ── parameters and body are checked ── permission ── snapshot of the index ── answer
//
// Reads come from one snapshot of the index, chosen when the request arrives. Stored entities are written as the bytes
// that they are, joined and never encoded again; only where the caller asks for `fields` are they parsed. Such answers
// carry Content-Length and ETag, the others are streamed, as upstream's are.
//
// What upstream checks against its OpenAPI document is checked here by hand, in its words: the shape of parameters and
// bodies is small, and a client sees the texts. openapi.yaml describes what is served; a test holds the routes to it.
//
// # Reading one's own writes
//
// An answer to a mutation carries the position of the change log in Understudy-Catalog-Position, and this replica's
// index has passed it by then. A request that sends Understudy-Catalog-Min-Position waits until the index of whichever
// replica it reaches has passed that position, and gets 503 if that takes too long.
//
// Registering, refreshing, validating and analyzing are not served: those routes answer as unknown ones do.
package httpapi
