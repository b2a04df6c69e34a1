// Package console is the web console: React sources, the files built from them, and what serves both the files and the
// few routes of its own that it needs.
//
// The console is a client like any other. It reads the catalog through /api/catalog and signs in through /api/auth; what
// it wants to know of the server itself it asks at /api/understudy/v1 (openapi.yaml): the ways to sign in, the plugins
// and their health, tasks, configuration, and a stream that tells when the catalog has changed, so that open pages stay
// fresh. Tasks and configuration are for service principals, and for everybody in the demo.
//
// The files of dist/ are built by `make console`, committed, and embedded, so that building the binary needs no Node.
// dist/sources.json names what they were built from, and a test holds it against the sources. The build tag noconsole
// leaves the files out; the routes stay.
//
// Invariants: whatever is below /console and is no file is answered with the page itself, because the addresses belong
// to the page's own router; files below assets/ carry a hash in their name and never change; the page is never cached.
package console
