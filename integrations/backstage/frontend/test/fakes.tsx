// A backend as the tests want it, behind the app's own fetch.
import type { ReactElement } from 'react';
import { ConfigReader } from '@backstage/core-app-api';
import type { FetchApi } from '@backstage/core-plugin-api';
import { TestApiProvider, wrapInTestApp } from '@backstage/test-utils';
import { EntityProvider, entityPresentationApiRef, entityRouteRef } from '@backstage/plugin-catalog-react';
import { render } from '@testing-library/react';
import { ExportClient, exportApiRef } from '../src/api/ExportApi';
import { SpaceliftClient, spaceliftApiRef, type Stack } from '../src/api/SpaceliftApi';
import { LinksContext } from '../src/links';

export type Answer = { status?: number; body?: unknown };
export type Handler = (request: { method: string; path: string; query: URLSearchParams; headers: Headers; body: unknown }) => Answer | undefined;

export interface Asked {
  method: string;
  path: string;
  headers: Headers;
  body: unknown;
}

/** Answers by `handler`; what it does not know is a route that the backend does not have. */
export function fakeBackend(handler: Handler, config: Record<string, unknown> = {}) {
  const asked: Asked[] = [];
  const fetchApi: FetchApi = {
    fetch: async (input, init) => {
      const url = new URL(String(input));
      const one = {
        method: init?.method ?? 'GET',
        path: url.pathname,
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
      };
      asked.push(one);
      const { status = 200, body } = handler({ ...one, query: url.searchParams }) ?? {
        status: 404, body: { error: { name: 'NotFoundError', message: 'no such route' } },
      };
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
    },
  };
  const discovery = { getBaseUrl: async (id: string) => `http://backend/api/${id}` };
  return {
    asked,
    spacelift: new SpaceliftClient({ discovery, fetchApi, config: new ConfigReader(config as never) }),
    exports: new ExportClient({ discovery, fetchApi }),
  };
}

type Fake = ReturnType<typeof fakeBackend>;

const entity = {
  apiVersion: 'backstage.io/v1alpha1', kind: 'Component',
  metadata: { name: 'edge', namespace: 'default', annotations: { 'spacelift.io/stack-id': 'prod-network, gone' } },
};

/** Shows a page of ours in an app of its own, at the root. */
export function show(page: ReactElement, { spacelift, exports }: Fake, at = '/') {
  const presentation = { forEntity: (ref: unknown) => ({ snapshot: { entityRef: String(ref), primaryTitle: String(ref) }, promise: Promise.resolve({ entityRef: String(ref), primaryTitle: String(ref) }) }) };
  return render(
    wrapInTestApp(
      <TestApiProvider apis={[[spaceliftApiRef, spacelift], [exportApiRef, exports], [entityPresentationApiRef, presentation as never]]}>
        <LinksContext.Provider value={{ spacelift: '/' }}>
          <EntityProvider entity={entity as never}>{page}</EntityProvider>
        </LinksContext.Provider>
      </TestApiProvider>,
      { routeEntries: [at], mountedRoutes: { '/catalog/:namespace/:kind/:name': entityRouteRef } },
    ),
  );
}

export const stack = (over: Partial<Stack> = {}): Stack => ({
  id: 'prod-network', name: 'Network', description: '', labels: ['env:prod'], state: 'FINISHED', group: 'finished', space: { id: 'root', name: 'root' },
  url: 'https://acme.app.spacelift.io/stack/prod-network', trigger: { allowed: true }, ...over,
});

export const page = (items: Stack[], more: object = {}) => ({
  items, totalItems: items.length, syncedAt: null, spaces: [], labels: [], groups: [], ...more,
});

export const status = (over: object = {}) => ({
  account: 'acme.app.spacelift.io', readOnly: false, canWrite: true, stacks: 1, synced: { complete: true }, breaker: 'closed', ...over,
});
