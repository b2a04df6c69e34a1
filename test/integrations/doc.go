// Package integrations drives the npm packages of integrations/backstage inside real Node backends, installed there as
// npm would install them (integrations/backstage/backend/test/install.mjs).
//
//	make test-integrations      newest, oldest, and the legacy backend system (docs/bridge.md)
package integrations
