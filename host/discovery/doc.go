// Package discovery knows where each plugin lives: in this process, or at an address that discovery.endpoints names
// (docs/protocol/core.md 7). It also holds the rule which plugins this process hosts.
//
// Every plugin has two addresses: the internal one, for calls between backends, and the external one, which browsers
// see. They differ in their fallbacks: internally a plugin that no entry names is at this process's own listener;
// externally it is below backend.baseUrl.
package discovery
