// Package keys holds the keys with which tokens are signed, and those by which they are verified
// (docs/protocol/core.md 4.6, 4.7 and 6.3).
//
// A Ring signs: it makes a key pair when first asked, another one after the rotation time, and puts the public half
// into a Store before the first token is signed with it. Private keys never leave the process. All replicas publish the
// union of the public keys that lie in the store they share, so that each verifies what another signed; a key stays
// published for longer than any token that it signed lives.
//
// A Set is a list of public keys as a JWKS document has them. It never holds a symmetric key: reading a document skips
// those, because a verifier that takes one for a shared secret can be handed a public key in its place.
package keys
