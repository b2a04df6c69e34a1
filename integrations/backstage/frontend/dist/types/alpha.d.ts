/**
 * The plugin of the new frontend system: two pages with their places in the navigation, the tab and the card of entities.
 *
 * @packageDocumentation
 */
import { type FrontendPlugin, type RouteRef } from '@backstage/frontend-plugin-api';
declare const understudyPlugin: FrontendPlugin<{
    spacelift: RouteRef<undefined>;
    export: RouteRef<undefined>;
}>;
export default understudyPlugin;
export { isSpaceliftAvailable } from './spacelift/annotation';
