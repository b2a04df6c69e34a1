// Package backend is the running server without its command line: it opens the services, mounts the plugins, starts,
// drains and stops them. It imports no plugin; Add takes them.
//
//	backend.New().Add(catalog.New(), mine.New()).Run(ctx)
//
// Run goes through these steps, and whatever fails ends the ones before it in reverse:
//
//	configuration checked, all mistakes at once ─ listener opened ─ each plugin registered ─ each plugin started,
//	its routes opened ─ ready ─ background work … ctx ends ─ readiness fails ─ routes drained ─ background work
//	stopped ─ plugins stopped ─ databases closed
package backend
