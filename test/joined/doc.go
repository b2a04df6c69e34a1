// Package joined_test drives Understudy beside a real Node Backstage backend, with the configuration of examples/joined: whom
// either side lets in, what they see of each other's callers, what happens when one of them goes away, and what is left of
// the joining once it ends. The checklist "Joining a Node deployment" of core.md 18 is answered by these tests.
//
//	make test-joined            both sets of packages, newest and oldest (docs/compatibility.md)
//
// Tests that change nothing share one stage, as subtests of TestTokens; the others have stages of their own. What cannot be
// tested here is a clock that differs: both sides take the machine's.
package joined_test
