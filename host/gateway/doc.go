// Package gateway passes requests on to the backends that host what this process does not: plugins that
// discovery.endpoints places elsewhere, and the frontend where the app plugin lives elsewhere. It is off unless
// understudy.gateway.enabled is true, because most deployments leave this to their ingress (docs/joined-alternatives.md).
//
//	request ── router: no routes here ── whose is it? ── loop? ── transport ── peer
//	                                        │              │
//	                                  nobody's: 404     508 LoopDetectedError
//
// Invariants:
//
//   - The path and the query go out byte for byte as they came in. Only "/api/<id>" is replaced, by the plugin's internal
//     address; paths of the frontend get what is in front of "/api/app" there.
//   - What reaches a peer is below its address: a path that may mean ".." somewhere is refused.
//   - Every wait ends, also that for a caller who neither sends nor takes.
//   - Credentials are the peer's to judge, too: no gate is asked here, and Authorization, Cookie and Set-Cookie pass.
//   - An answer is the peer's, with its security headers, its encoding and its ETag. Of ours it has X-Request-Id and Via,
//     and the CORS headers where the peer sent none.
//   - Nothing is held back: each piece of a body goes out when it comes in, and an upgraded connection (signals) is two
//     streams of bytes.
//   - Addresses of peers are in the log, never in an answer.
//
// A request that comes back to the process that sent it on, which Via tells, is refused; so is one that has been through
// ten proxies. Connections to peers are plain HTTP/1.1, kept for reuse for less time than Node keeps them, and not made
// through the proxy of HTTP_PROXY: the addresses are internal ones.
//
// When the server stops, new requests are refused as those to our own plugins are. Answers that would never end, event
// streams and the long polls of the events bus, are ended in good order; upgraded connections are closed; others are
// waited for.
package gateway
