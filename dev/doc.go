//go:build unix

// Command dev is what `make dev PLUGIN=rely` (or spacelift) runs: one plugin on this machine, with its simulator, a sample
// catalog to work on, and the console with hot reload. Saving a Go file builds and restarts the server; the simulator goes
// on, with what it was told before.
package main
