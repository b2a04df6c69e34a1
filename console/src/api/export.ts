// What the pages ask of the export to Rely: its state, its runs and what became of entities in them.
import { infiniteQueryOptions, keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query';
import createClient from 'openapi-fetch';
import { authorizedFetch, unwrap } from './client';
import { isPassing } from './errors';
import type { components, paths } from './export.gen';

export type ExportStatus = components['schemas']['Status'];
export type Run = components['schemas']['Run'];
export type RunStatus = components['schemas']['RunStatus'];
export type Phase = components['schemas']['Phase'];
export type Counts = components['schemas']['Counts'];
export type Item = components['schemas']['Item'];
export type ItemStatus = components['schemas']['ItemStatus'];
export type Preview = components['schemas']['Preview'];
export type Started = components['schemas']['Started'];

/** The plugin whose routes these are; without it there is nothing to show. */
export const exportPlugin = 'rely';

const rely = createClient<paths>({ baseUrl: `${window.location.origin}/api/${exportPlugin}`, fetch: authorizedFetch });

/** Whether a run goes on by itself. */
export function isUnderWay(run: Pick<Run, 'status'> | undefined): boolean {
  return run?.status === 'queued' || run?.status === 'running';
}

const runningInterval = 1000;
/** A tick of the schedule starts a run without anybody here, and no event tells of it. */
const idleInterval = 5000;

/**
 * The milliseconds after which to ask again: each second while something moves. Nothing is asked while the page is
 * hidden: TanStack Query holds intervals back then.
 */
export function pollAfter(underWay: boolean, idle: number | false, error?: unknown): number | false {
  if (error !== undefined && error !== null) return isPassing(error) ? 10_000 : false;
  return underWay ? runningInterval : idle;
}

export const statusQuery = queryOptions({
  queryKey: ['exports', 'status'],
  staleTime: 0,
  queryFn: ({ signal }) => unwrap(rely.GET('/status', { signal })),
  refetchInterval: ({ state }) => pollAfter(isUnderWay(state.data?.running), idleInterval, state.error),
});

export const runsQuery = infiniteQueryOptions({
  queryKey: ['exports', 'runs'],
  initialPageParam: '',
  queryFn: ({ pageParam, signal }) =>
    unwrap(rely.GET('/runs', { params: { query: { limit: 25, ...(pageParam && { cursor: pageParam }) } }, signal })),
  getNextPageParam: (page) => page.nextCursor || undefined,
});

export function runQuery(id: string) {
  return queryOptions({
    queryKey: ['exports', 'run', id],
    staleTime: 0,
    queryFn: ({ signal }) => unwrap(rely.GET('/runs/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state }) => pollAfter(isUnderWay(state.data), false, state.error),
  });
}

export function itemsQuery(id: string, status: ItemStatus | undefined) {
  return infiniteQueryOptions({
    queryKey: ['exports', 'items', id, status ?? 'all'],
    initialPageParam: '',
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: 100, ...(status && { status: [status] }), ...(pageParam && { cursor: pageParam }) };
      return unwrap(rely.GET('/runs/{id}/items', { params: { path: { id }, query }, signal }));
    },
    getNextPageParam: (page) => page.nextCursor || undefined,
  });
}

/** Under the catalog's key: another entity makes another document. */
export function previewQuery(entityRef: string) {
  return queryOptions({
    queryKey: ['catalog', 'export-preview', entityRef],
    staleTime: 0,
    queryFn: ({ signal }) => unwrap(rely.GET('/preview', { params: { query: { entityRef } }, signal })),
  });
}

export type RunKind = 'changes' | 'full' | 'dry';

export function startRun(kind: RunKind): Promise<Started> {
  const query = { ...(kind === 'dry' && { dryRun: true }), ...(kind === 'full' && { full: true }) };
  return unwrap(rely.POST('/migrate', { params: { query } }));
}

export function cancelRun(id: string): Promise<Run> {
  return unwrap(rely.POST('/runs/{id}/cancel', { params: { path: { id } } }));
}

export function resumeRun(id: string): Promise<Run> {
  return unwrap(rely.POST('/runs/{id}/resume', { params: { path: { id } } }));
}

/** The most that one request may name. */
export const mostRetried = 1000;

/** Sends failed items again, as a run of its own; all of them where none are named. */
export function retryFailed(id: string, entityRefs?: string[]): Promise<Started> {
  return unwrap(rely.POST('/runs/{id}/retry-failed', { params: { path: { id } }, body: entityRefs ? { entityRefs } : {} }));
}

/** After something was started or has ended, all that tells of runs is asked for again. */
export async function refreshRuns(queryClient: QueryClient): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ['exports'] }),
    queryClient.invalidateQueries({ queryKey: ['catalog', 'export-preview'] }),
  ]);
}
