// Package token reads and writes Backstage's tokens (docs/protocol/core.md 4.1 to 4.4): JSON web tokens whose header
// type says whom they stand for.
//
// Parse looks at a token without believing it; Verify believes it when one of the given keys signed it and its times
// hold, with no leeway. Signing builds the bytes by hand instead of with the JOSE library, because the proof inside a
// user token is a signature over exact bytes that others rebuild: key order and escaping must be JavaScript's.
package token
