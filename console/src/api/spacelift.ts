// What the pages ask of the plugin spacelift-io. All keys begin with 'spacelift'.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { spacelift, unwrap } from './client';
import { ApiError, isPassing } from './errors';
import type { components } from './spacelift.gen';

export type Stack = components['schemas']['Stack'];
export type StackDetail = components['schemas']['StackDetail'];
export type StackPage = components['schemas']['StackPage'];
export type StateGroup = components['schemas']['StateGroup'];
export type Space = components['schemas']['Space'];
export type Commit = components['schemas']['Commit'];
export type Run = components['schemas']['Run'];
export type RunPage = components['schemas']['RunPage'];
export type Trigger = components['schemas']['Trigger'];
export type Status = components['schemas']['Status'];
export type SpaceliftEvent = components['schemas']['Event'];
export type RunKind = 'tracked' | 'proposed' | 'task';

/** As the server knows it: it is hosted where `bootstrap.plugins` has it. */
export const spaceliftPlugin = 'spacelift-io';
export const eventsPath = '/api/spacelift-io/v1/events';

/** What to list. Every list is a choice of any of its values, labels excepted: a stack has all of them. */
export interface StackFilters {
  q: string;
  group: StateGroup[];
  state: string[];
  space: string[];
  label: string[];
  repository: string[];
}

export const stacksPageSize = 100;
export const reasonLimit = 500;

export function readStacks(filters: StackFilters, cursor: string | undefined, signal?: AbortSignal): Promise<StackPage> {
  const query = {
    limit: stacksPageSize,
    ...(cursor !== undefined && { cursor }),
    ...Object.fromEntries(Object.entries(filters).filter(([, value]) => value.length > 0)),
  };
  return unwrap(spacelift.GET('/stacks', { params: { query }, signal }));
}

/** Never stale by its age: the page that shows it reads again what has changed. */
export function stacksQuery(filters: StackFilters) {
  return infiniteQueryOptions({
    queryKey: ['spacelift', 'stacks', filters],
    queryFn: ({ pageParam, signal }) => readStacks(filters, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
}

/** How often is asked again, when events tell of changes and when they do not. */
export const pollLive = 30_000;
export const pollAlone = 10_000;

export function stackQuery(id: string, live = true) {
  return queryOptions({
    queryKey: ['spacelift', 'stack', id],
    queryFn: ({ signal }) => unwrap(spacelift.GET('/stacks/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (query) => (isMissing(query.state.error) ? false : query.state.data?.trigger.pending ? 5000 : live ? pollLive : pollAlone),
  });
}

/** A run that is not over is looked at often: not every step of it changes its stack, so that an event would tell. */
const pollRun = 4000;

export function runsQuery(stack: string, kind: RunKind) {
  return infiniteQueryOptions({
    queryKey: ['spacelift', 'runs', stack, kind],
    queryFn: ({ pageParam, signal }) =>
      unwrap(spacelift.GET('/stacks/{id}/runs', { params: { path: { id: stack }, query: { kind, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
    refetchInterval: (query) => {
      if (query.state.status === 'error') return isPassing(query.state.error) ? pollAlone : false;
      return query.state.data?.pages[0]?.items.some((run) => !run.finished) ? pollRun : pollLive;
    },
  });
}

export const statusQuery = queryOptions({
  queryKey: ['spacelift', 'status'],
  queryFn: ({ signal }) => unwrap(spacelift.GET('/status', { signal })),
  refetchInterval: (query) => (query.state.data?.synced.complete && !query.state.data.synced.error ? pollLive : 5000),
});

/** The stacks that an entity's annotation names. */
export function entityStacksQuery(entityRef: string) {
  return queryOptions({
    queryKey: ['spacelift', 'entity', entityRef],
    queryFn: async ({ signal }) => {
      const page = (cursor?: string) => unwrap(spacelift.GET('/stacks', { params: { query: { entityRef, limit: 200, ...(cursor && { cursor }) } }, signal }));
      const all = await page();
      for (let next = all.nextCursor; next; ) {
        const more = await page(next);
        all.items.push(...more.items);
        next = more.nextCursor;
      }
      return all;
    },
    refetchInterval: pollLive,
  });
}

export function triggerRun(stack: string, reason: string): Promise<Trigger> {
  const body = reason.trim() ? { reason: reason.trim() } : {};
  return unwrap(spacelift.POST('/stacks/{id}/runs', { params: { path: { id: stack } }, body }));
}

export function isMissing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** The ids in the annotation spacelift.io/stack-id, which is a list with commas. */
export function annotatedStacks(annotations: Record<string, string> | undefined): string[] {
  const ids = (annotations?.['spacelift.io/stack-id'] ?? '').split(',').map((id) => id.trim());
  return [...new Set(ids.filter((id) => id !== ''))];
}
