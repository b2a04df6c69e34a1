/**
 * The plugin of the new frontend system: two pages with their places in the navigation, the tab and the card of entities.
 *
 * @packageDocumentation
 */
import * as system from '@backstage/frontend-plugin-api';
import {
  ApiBlueprint, configApiRef, createFrontendPlugin, createRouteRef, discoveryApiRef, fetchApiRef, type FrontendPlugin, PageBlueprint,
  type RouteRef, useRouteRef,
} from '@backstage/frontend-plugin-api';
import { EntityCardBlueprint, EntityContentBlueprint } from '@backstage/plugin-catalog-react/alpha';
import CloudQueueIcon from '@material-ui/icons/CloudQueue';
import PublishIcon from '@material-ui/icons/Publish';
import { type PropsWithChildren, useMemo } from 'react';
import { ExportClient, exportApiRef } from './api/ExportApi';
import { SpaceliftClient, spaceliftApiRef } from './api/SpaceliftApi';
import { type Links, LinksContext } from './links';
import { requireSystem } from './requireSystem';
import { isSpaceliftAvailable } from './spacelift/annotation';

requireSystem(system);

const spaceliftRouteRef = createRouteRef();
const exportRouteRef = createRouteRef();

const Linked = ({ children }: PropsWithChildren<{}>) => {
  const path = useRouteRef(spaceliftRouteRef)?.(); // undefined where the page is switched off
  const links = useMemo((): Links => ({ spacelift: path }), [path]);
  return <LinksContext.Provider value={links}>{children}</LinksContext.Provider>;
};

const spaceliftApi = ApiBlueprint.make({
  name: 'spacelift',
  params: (define) =>
    define({
      api: spaceliftApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef, config: configApiRef },
      factory: (deps) => new SpaceliftClient(deps),
    }),
});

const exportApi = ApiBlueprint.make({
  name: 'export',
  params: (define) =>
    define({
      api: exportApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef },
      factory: (deps) => new ExportClient(deps),
    }),
});

const spaceliftPage = PageBlueprint.make({
  name: 'spacelift',
  params: {
    path: '/spacelift',
    routeRef: spaceliftRouteRef,
    title: 'Spacelift',
    icon: <CloudQueueIcon fontSize="inherit" />,
    noHeader: true, // the page brings its own, as it does in the old system
    loader: () => import('./spacelift/SpaceliftPage').then((m) => <Linked><m.SpaceliftPage /></Linked>),
  },
});

const exportPage = PageBlueprint.make({
  name: 'export',
  params: {
    path: '/rely-migration-plugin',
    routeRef: exportRouteRef,
    title: 'Catalog export',
    icon: <PublishIcon fontSize="inherit" />,
    noHeader: true,
    loader: () => import('./exports/ExportPage').then((m) => <m.ExportPage />),
  },
});

const entityContent = EntityContentBlueprint.make({
  name: 'spacelift',
  params: {
    path: '/spacelift',
    title: 'Stacks',
    filter: isSpaceliftAvailable,
    loader: () => import('./spacelift/EntitySpaceliftContent').then((m) => <Linked><m.EntitySpaceliftContent /></Linked>),
  },
});

const entityCard = EntityCardBlueprint.make({
  name: 'spacelift',
  params: {
    type: 'info',
    filter: isSpaceliftAvailable,
    loader: () => import('./spacelift/EntitySpaceliftCard').then((m) => <Linked><m.EntitySpaceliftCard /></Linked>),
  },
});

// Without the type, the declarations would name packages that an app need not have.
const understudyPlugin: FrontendPlugin<{ spacelift: RouteRef<undefined>; export: RouteRef<undefined> }> = createFrontendPlugin({
  pluginId: 'understudy',
  routes: { spacelift: spaceliftRouteRef, export: exportRouteRef },
  extensions: [spaceliftApi, exportApi, spaceliftPage, exportPage, entityContent, entityCard],
});

export default understudyPlugin;
export { isSpaceliftAvailable } from './spacelift/annotation';
