// Package auth is the auth plugin: it signs people in and issues the tokens by which every plugin knows them
// (docs/protocol/core.md 4.2, 4.3 and 6).
//
//	/guest/refresh ── catalog: who is that, which groups? ── issuer: user_info row, token ── frontend
//	/.well-known/jwks.json ── the keys of those tokens          /v1/userinfo ── what the user owned at sign-in
//
// The one provider here is guest, which signs anybody in as one configured user; it refuses to outside of development
// unless told otherwise. Providers that are configured but not built are named in a warning at start.
//
// All of it is open, as the plugin decides itself whom it answers. Host/auth verifies the tokens, and asks this plugin
// for keys and ownership through its UserTokens.
package auth
