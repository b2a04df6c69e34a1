// Package solo runs one plugin inside somebody else's HTTP server.
//
// A backend.Backend listens, and hosts many plugins. A program that has a server already, and wants one plugin at one of its
// paths, mounts a Router:
//
//	router, err := solo.New(ctx, plugin, host.Environment{Config: cfg})
//	mux.Handle("/api/rely/", http.StripPrefix("/api/rely", router))
//
// Most will do so through the plugins' own NewRouter. The plugin has the services that a backend would give it: its
// tables, its tasks, the keys of its tokens, its audit events. It works in the background until ctx ends; Done tells when
// everything that it opened is closed.
package solo
