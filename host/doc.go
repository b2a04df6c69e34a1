// Package host is what a plugin may use: the contract that it fulfils (Plugin), and what it is handed (Env).
//
// A plugin is built by its own New, which touches nothing. The backend then calls Register once, in which the
// plugin reads its section of the configuration, opens its tables, and declares its routes and tasks. What else a
// plugin offers it offers as one of the optional interfaces below; the backend finds them by type assertion:
//
//	New ── CheckConfig ── Register ── Start ── Run … ctx ends ── Stop
//
// The services themselves are packages below this one (config, router, auth, database, …). None of them knows that
// plugins exist, and none imports this package.
package host
