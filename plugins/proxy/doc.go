// Package proxy is the proxy plugin: it passes requests below /api/proxy on to the targets of proxy.endpoints, as
// Backstage's does (core.md 10).
//
// A request goes
//
//	path with ".." in it → 400
//	  → the first endpoint whose path begins it; none, or not for this method → empty 404
//	  → pathRewrite → the target's path in front
//	  → headers on the allow list, and those of the configuration → target
//
// and the answer comes back with the headers on the allow list. Bodies are never held: both ways, what has arrived is
// passed on at once.
//
// # Who may
//
// One function decides which endpoint a path belongs to, for the gate before the plugin and for the plugin itself
// (table.find), and both see the path as it was sent. An open endpoint does not open what a more specific one keeps
// closed, nor add methods to it, whichever of them comes first and however a path to it is spelled (table.rules).
//
// # What can be relied on
//
//   - The path that a target sees begins with the target's own, whatever the caller sent and pathRewrite made of it.
//   - The caller's token and cookies stay here, unless the configuration passes them on.
//   - What the configuration adds to a request reaches its target only, not where that redirects to.
//   - Every wait ends: dialling, the answer's header, and a body or connection in which nothing moves any more, on
//     either side.
package proxy
