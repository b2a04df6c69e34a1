// Package telemetry is how the server is watched: log lines, audit events and metrics (core.md 3.2 and 15).
//
// A line goes
//
//	slog.Logger → level by LOG_LEVEL, backend.logger.level and .overrides → request id → JSON or terminal text
//	  → every configured secret becomes *** → the writer
//
// Secrets are masked in the encoded line, last of all, so that no attribute, error text or stack gets around it.
//
// An audit event is one line for one mutation, written at its end: who, what, with which result. Metrics are defined
// beside what they count; this package makes the registry and serves it on a listener of its own.
package telemetry
