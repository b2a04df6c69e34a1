// Package permission answers whether a caller may do something (docs/protocol/core.md 8), and lets the permission backend
// ask back.
//
//	route ── Authorize ──► Checker ──► Local   services, always; everybody, where permissions are disabled
//	                               └─► Remote  users: POST <permission>/authorize, on their behalf
//	                                              │ ALLOW, DENY, or CONDITIONAL with criteria
//	         Algebra.Compile ◄── Criteria ◄───────┘
//	permission backend ── apply-conditions ──► Mount ──► Resources.Apply ──► Algebra.Compile
//
// Service principals are decided here, whatever the configuration says, by the restrictions of their token (8.4); and
// with permissions disabled everyone else is allowed (8.3). With `permission.enabled: true` the plugin "permission" of
// another backend is asked about everybody else, each time anew: no decision is kept, as upstream keeps none. What cannot
// be asked is refused with 503; there is no failure that allows.
//
// A decision about all resources of a type may hang on conditions. A plugin says which conditions there are (Resources),
// compiles criteria into whatever selects its resources (Algebra), and filters what it reads by that, in its own process.
// Criteria come from outside, so that their depth, their size, the names of rules and the types of parameters are checked
// before anything is compiled. Neither criteria nor the other backend's explanations are shown to callers.
package permission
