import {
  createApiFactory, createPlugin, createRoutableExtension, createRouteRef, discoveryApiRef, fetchApiRef,
} from '@backstage/core-plugin-api';
import { SpaceliftClient, spaceliftApiRef } from './client';

export const rootRouteRef = createRouteRef({ id: 'spacelift' });

export const spaceliftPlugin = createPlugin({
  id: 'spacelift',
  routes: { root: rootRouteRef },
  apis: [
    createApiFactory({
      api: spaceliftApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef },
      factory: ({ discovery, fetchApi }) => new SpaceliftClient(discovery, fetchApi),
    }),
  ],
});

export const SpaceliftIoPage = spaceliftPlugin.provide(
  createRoutableExtension({
    name: 'SpaceliftIoPage',
    component: () => import('./StacksPage').then(m => m.StacksPage),
    mountPoint: rootRouteRef,
  }),
);
