// What the pages ask of the server itself.
import { queryOptions } from '@tanstack/react-query';
import { understudy, unwrap } from './client';
import type { components } from './understudy.gen';

export type Bootstrap = components['schemas']['Bootstrap'];
export type Plugin = components['schemas']['Plugin'];
export type Task = components['schemas']['Task'];
export type ConfigLine = components['schemas']['ConfigLine'];
export type Attention = components['schemas']['Attention'];
export type AttentionItem = components['schemas']['AttentionItem'];

export const bootstrapQuery = queryOptions({
  queryKey: ['bootstrap'],
  staleTime: Infinity,
  queryFn: ({ signal }) => unwrap(understudy.GET('/bootstrap', { signal })),
});

export const pluginsQuery = queryOptions({
  queryKey: ['system', 'plugins'],
  refetchInterval: 30_000,
  queryFn: async ({ signal }) => (await unwrap(understudy.GET('/plugins', { signal }))).plugins,
});

export const tasksQuery = queryOptions({
  queryKey: ['system', 'tasks'],
  refetchInterval: 10_000,
  queryFn: async ({ signal }) => (await unwrap(understudy.GET('/tasks', { signal }))).tasks,
});

export const configQuery = queryOptions({
  queryKey: ['system', 'config'],
  queryFn: async ({ signal }) => (await unwrap(understudy.GET('/config', { signal }))).lines,
});

/**
 * The milliseconds after which to ask again. The server looks through the catalog only now and then, so that the answer
 * to what a change made us ask may not hold it yet; then it says when one will.
 */
export function attentionDue(known: Attention | undefined): number {
  return known?.refreshIn ? known.refreshIn * 1000 : 30_000;
}

/** In the catalog's family, because it changes with the catalog. */
export const attentionQuery = queryOptions({
  queryKey: ['catalog', 'attention'],
  queryFn: ({ signal }) => unwrap(understudy.GET('/attention', { signal })),
  refetchInterval: (query) => (query.state.status === 'error' ? 10_000 : attentionDue(query.state.data)),
});
