/**
 * Serves Understudy's plugins in a Backstage backend: each request below `/api/spacelift-io`, `/api/rely` and
 * `/api/rely-migration-plugin` is passed on as it came, to an Understudy at an address, or to one that is started here.
 *
 * @packageDocumentation
 */
export { bridgePlugin as default } from './plugin';
export { createRouter, parseConfigs, type LegacyEnvironment, type RouterOptions } from './legacy';
