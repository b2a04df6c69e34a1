// The plugin of the new frontend system: api:spacelift/spacelift-api and page:spacelift.
import { ApiBlueprint, createFrontendPlugin, createRouteRef, discoveryApiRef, fetchApiRef, PageBlueprint } from '@backstage/frontend-plugin-api';
import { SpaceliftClient, spaceliftApiRef } from './client';

const rootRouteRef = createRouteRef();

const spaceliftApi = ApiBlueprint.make({
  name: 'spacelift-api',
  params: define =>
    define({
      api: spaceliftApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef },
      factory: ({ discovery, fetchApi }) => new SpaceliftClient(discovery, fetchApi),
    }),
});

const spaceliftPage = PageBlueprint.make({
  params: {
    path: '/spacelift',
    routeRef: rootRouteRef,
    title: 'Spacelift',
    noHeader: true, // the page brings its own, as pages of both systems do
    loader: () => import('./StacksPage').then(m => <m.StacksPage />),
  },
});

export default createFrontendPlugin({
  pluginId: 'spacelift',
  routes: { root: rootRouteRef },
  extensions: [spaceliftApi, spaceliftPage],
});
