// Package keystore keeps public signing keys in a plugin's database, so that all replicas publish the same ones
// (docs/protocol/core.md 4.7 and 6.3).
//
// There is one table, whatever the keys are for; a purpose tells the sets apart where one plugin has two, as the auth
// plugin does. It holds what Backstage's tables hold, but is not one of them: our tables never lie beside Node's.
package keystore
