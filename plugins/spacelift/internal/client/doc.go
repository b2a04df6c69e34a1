// Package client speaks Spacelift's GraphQL API: typed documents, the token and its renewal, pacing, deadlines, the
// circuit breaker, and what an error means.
package client
