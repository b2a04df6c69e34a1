// Package client speaks Spacelift's GraphQL API: typed documents, the token and its renewal, pacing, deadlines, the
// circuit breaker, and what an error means.
//
// A call goes through these, from the outside in:
//
//	Sweep, Stack, Trigger …   what our callers ask for, in our own types           (client.go, sweep.go)
//	call                      a token; an answer that a dead token gets as well     (call.go, token.go)
//	                          is believed only after "viewer" has said who we are
//	ask                       the document, or its smaller form for an old schema   (call.go, documents.go)
//	tries                     queries again after outages, mutations never          (call.go)
//	send                      breaker, rate limit, turn, slot                       (breaker.go, pace.go)
//	post                      one HTTP exchange, and what became of it              (transport.go, graphql.go)
//
// What holds: a mutation is sent a second time only after Spacelift has said that the token was nobody's, so that nothing
// was executed. An error is Ambiguous if and only if a mutation may have arrived and no answer tells whether it was
// executed. Errors and logs hold no secret, no token and no variable; texts from Spacelift are searched for ours first.
// A list is complete or an error.
//
// What is not documented about Spacelift (spacelift.md 9) stands in one place each: the texts that tell errors apart
// (sayings), what a refused exchange looks like (received), how long a token lives (lifetime).
package client
