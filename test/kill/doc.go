// Package kill stops the built binary with SIGKILL at random moments and counts what was lost. It is a long suite:
// `make test-kill` runs it; without UNDERSTUDY_BIN it does nothing.
package kill
