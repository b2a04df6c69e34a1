// Package httpapi serves the official plugin's three routes (spacelift.md 1) and our own v1 (openapi.yaml).
//
// Lists come from the mirror's snapshot, so that no reader reaches Spacelift; a stack's page and its runs do, however many
// look at them at most once in some seconds. Both trigger routes are one function, which leaves exactly one audit event
// whatever comes of it. Errors of the plugin are {error, code, requestId}, whose error is a text as the official frontend
// wants it; errors of the framework (credentials, malformed bodies) are the framework's.
package httpapi
