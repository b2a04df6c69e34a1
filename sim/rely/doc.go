// Package rely simulates Rely's API ("magneto", export.md 2 and 7), so that an export can be developed, demonstrated and
// tested without an account.
//
//	exporter ──► /api/v1/…   request ─► journal ─► faults ─► token ─► rate ─► size ─► handler ─► answer
//	                                                                                   │
//	                                 blueprints ◄── validation ◄── task ◄──────────────┤
//	                                                    │      (simulated clock)       │
//	test     ──► /_sim/…                                └────────► entities ◄──────────┘
//
// A [Server] is an http.Handler without goroutines of its own. Tasks live on a simulated clock: when a task begins and
// ends is known the moment it is made, and each request first settles what is due. The same requests at the same times
// thus give the same state; what is random comes from Options.Seed.
//
// It is strict: a path or method that Rely is not known to have is answered 404 or 405, and recorded as a violation,
// which Stats counts and GET /_sim/requests?verdict=violation lists.
//
// What is established of the real API and what is a guess behind a switch tells docs/rely-simulator.md.
package rely
