// The pages and their addresses. A page's code is loaded when it is first opened.
import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { parseCatalogSearch } from './pages/catalogSearch';
import { Crash } from './pages/Crash';
import { parsePreviewSearch, parseRunSearch } from './pages/exports/search';
import { NotFound } from './pages/NotFound';
import { parseStackSearch, parseStacksSearch } from './pages/spacelift/search';
import { type EntityTab, entityTabs } from './pages/tabs';
import { Root } from './shell/Root';
import { parseQuery, stringifyQuery } from './shell/searchParams';

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Root,
  notFoundComponent: NotFound,
  errorComponent: Crash,
});

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/Overview')),
});

const catalog = createRoute({
  getParentRoute: () => root,
  path: '/catalog',
  validateSearch: parseCatalogSearch,
  component: lazyRouteComponent(() => import('./pages/Catalog')),
});

const unprocessed = createRoute({
  getParentRoute: () => root,
  path: '/unprocessed',
  component: lazyRouteComponent(() => import('./pages/Unprocessed')),
});

const entity = createRoute({
  getParentRoute: () => root,
  path: '/catalog/$namespace/$kind/$name',
  validateSearch: (search: Record<string, unknown>): { tab?: EntityTab } => {
    const tab = entityTabs.find((t) => t === search.tab && t !== 'overview');
    return tab ? { tab } : {};
  },
  component: lazyRouteComponent(() => import('./pages/Entity')),
});

const stacks = createRoute({
  getParentRoute: () => root,
  path: '/spacelift',
  validateSearch: parseStacksSearch,
  component: lazyRouteComponent(() => import('./pages/spacelift/Stacks')),
});

const stack = createRoute({
  getParentRoute: () => root,
  path: '/spacelift/$stackId',
  validateSearch: parseStackSearch,
  component: lazyRouteComponent(() => import('./pages/spacelift/StackPage')),
});

const exports = createRoute({
  getParentRoute: () => root,
  path: '/exports',
  component: lazyRouteComponent(() => import('./pages/exports/Exports')),
});

const exportRun = createRoute({
  getParentRoute: () => root,
  path: '/exports/runs/$run',
  validateSearch: parseRunSearch,
  component: lazyRouteComponent(() => import('./pages/exports/ExportRun')),
});

const exportPreview = createRoute({
  getParentRoute: () => root,
  path: '/exports/preview',
  validateSearch: parsePreviewSearch,
  component: lazyRouteComponent(() => import('./pages/exports/ExportPreview')),
});

const system = createRoute({
  getParentRoute: () => root,
  path: '/system',
  beforeLoad: () => {
    throw redirect({ to: '/system/$tab', params: { tab: 'plugins' }, replace: true });
  },
});

const systemTab = createRoute({
  getParentRoute: () => root,
  path: '/system/$tab',
  component: lazyRouteComponent(() => import('./pages/System')),
});

const routes = root.addChildren([overview, catalog, unprocessed, entity, stacks, stack, exports, exportRun, exportPreview, system, systemTab]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree: routes,
    basepath: '/console',
    context: { queryClient },
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: Crash,
    defaultNotFoundComponent: NotFound,
    parseSearch: parseQuery,
    stringifySearch: stringifyQuery,
  });
}
