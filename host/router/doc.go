// Package router is the server's front door: the listener, what every request passes through, the routes of each plugin
// below /api/<id>, and the one place that writes error bodies (core.md 2 and 3).
//
// A request goes
//
//	listener → security headers → CORS → (compression, request log, metrics wrap all that follows)
//	  → health → /api/<id> → root handlers such as /console → peers → fallback → empty 404
//
// and inside a plugin
//
//	public routes → life-cycle gate → auth gate → the plugin's routes → error body
//
// Where another backend serves a plugin, or the frontend, its requests may be passed on to it (Router.PassOn).
//
// A request below /api/ that nobody takes gets 404 with an empty body, whether the plugin is unknown, the route or only
// the method: clients tell that from a NotFoundError, which a handler returned.
//
// # Paths
//
// Nothing here cleans a path. Policies and literal parts of patterns are compared with the path as it was sent, case
// folded but not decoded; only the value of a wildcard is decoded, alone and once. So "..", "//" and encoded slashes
// cannot make the auth gate and the routes see different paths.
//
// # Life
//
//	Listen → Serve ─┬─ starting: plugins' gates open one by one (Routes.Initialized)
//	                ├─ Ready:    readiness answers 200
//	                ├─ Drain:    readiness answers 503; after serverShutdownDelay the routes do
//	                └─ Shutdown: the listener closes, requests in flight are waited for
//
// The router does not know that plugins exist: whoever mounts routes tells it when they may be used.
package router
