// Package permission answers whether a caller may do something (docs/protocol/core.md 8).
//
// Service principals are decided here, whatever the configuration says, by the restrictions of their token (8.4); and
// with permissions disabled everyone else is allowed (8.3). Asking a permission backend, and with it conditional
// decisions, is not built: `permission.enabled: true` is refused at start, because the alternative would be to allow
// what its operator forbids.
//
// Mount serves the description of a plugin's permissions (8.2). The route that applies conditions belongs to
// conditional decisions and is not there yet.
package permission
