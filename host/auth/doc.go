// Package auth tells who calls: it verifies the tokens that Backstage's callers present, and keeps the door of every
// plugin (docs/protocol/core.md 4 and 5).
//
//	request ── Gate ── bearer or cookie ── chain: plugin token → user token → external access ── Credentials in the context
//
// The chain is ordered (core.md 4.5): a link either takes a token, whereupon its answer is final, or declines it
// silently, and the next is asked. Keys are read from the plugin that signed, in this process or through discovery.
//
// Invariants: only asymmetric algorithms are accepted for JSON web tokens, but for the legacy shared secrets that an
// operator configured; there is no leeway on expiry; a verified token is remembered by its hash, never beyond its
// expiry; shared secrets are compared in constant time; a token never reaches a log.
//
// The sub-packages are the token formats (token) and the signing keys with their stores (keys). This package does not
// issue user tokens: that is the auth plugin's, which is handed in by SetUserTokens where this process hosts it.
package auth
