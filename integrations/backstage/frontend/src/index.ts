/**
 * Pages for Backstage of what Understudy serves, for the old frontend system; the new one has its own entry, ./alpha.
 *
 * @packageDocumentation
 */
export { EntitySpaceliftCard, EntitySpaceliftContent, ExportPage, SpaceliftPage, understudyPlugin } from './plugin';
export { isSpaceliftAvailable, stackAnnotation } from './spacelift/annotation';
export { type SpaceliftApi, spaceliftApiRef } from './api/SpaceliftApi';
export { type ExportApi, exportApiRef } from './api/ExportApi';
