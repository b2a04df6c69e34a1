// The plugin of the old frontend system.
import {
  configApiRef, createApiFactory, createComponentExtension, createPlugin, createRoutableExtension, createRouteRef, discoveryApiRef, fetchApiRef,
  useRouteRef,
} from '@backstage/core-plugin-api';
import { type ComponentType, useMemo } from 'react';
import { ExportClient, exportApiRef } from './api/ExportApi';
import { SpaceliftClient, spaceliftApiRef } from './api/SpaceliftApi';
import { type Links, LinksContext } from './links';

const spaceliftRouteRef = createRouteRef({ id: 'understudy.spacelift' });
const exportRouteRef = createRouteRef({ id: 'understudy.export' });

export const understudyPlugin = createPlugin({
  id: 'understudy',
  routes: { spacelift: spaceliftRouteRef, export: exportRouteRef },
  apis: [
    createApiFactory({
      api: spaceliftApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef, config: configApiRef },
      factory: (deps) => new SpaceliftClient(deps),
    }),
    createApiFactory({
      api: exportApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef },
      factory: (deps) => new ExportClient(deps),
    }),
  ],
});

/** The path of the Spacelift page, if the app has it: useRouteRef fails where it does not. */
function useSpaceliftPath(): string | undefined {
  try {
    return useRouteRef(spaceliftRouteRef)();
  } catch {
    return undefined;
  }
}

const linked = (Inner: ComponentType<{}>) => () => {
  const spacelift = useSpaceliftPath();
  const links = useMemo((): Links => ({ spacelift }), [spacelift]);
  return <LinksContext.Provider value={links}><Inner /></LinksContext.Provider>;
};

/** The page of stacks and runs, for a route such as /spacelift. */
export const SpaceliftPage = understudyPlugin.provide(
  createRoutableExtension({
    name: 'SpaceliftPage',
    component: () => import('./spacelift/SpaceliftPage').then((m) => linked(m.SpaceliftPage)),
    mountPoint: spaceliftRouteRef,
  }),
);

/** The page of the catalog's export, for a route such as /rely-migration-plugin. */
export const ExportPage = understudyPlugin.provide(
  createRoutableExtension({
    name: 'ExportPage',
    component: () => import('./exports/ExportPage').then((m) => m.ExportPage),
    mountPoint: exportRouteRef,
  }),
);

/** The tab of an entity, for an EntityLayout.Route with if={isSpaceliftAvailable}. */
export const EntitySpaceliftContent = understudyPlugin.provide(
  createComponentExtension({
    name: 'EntitySpaceliftContent',
    component: { lazy: () => import('./spacelift/EntitySpaceliftContent').then((m) => linked(m.EntitySpaceliftContent)) },
  }),
);

/** The card of an entity with its stacks and their last runs; nothing where the entity names none. */
export const EntitySpaceliftCard = understudyPlugin.provide(
  createComponentExtension({
    name: 'EntitySpaceliftCard',
    component: { lazy: () => import('./spacelift/EntitySpaceliftCard').then((m) => linked(m.EntitySpaceliftCard)) },
  }),
);
