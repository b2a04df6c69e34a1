// What the pages ask of the server itself.
import { queryOptions } from '@tanstack/react-query';
import { addresses } from './addresses';
import { understudy, unwrap } from './client';
import { obstacleOf } from './reach';
import type { Provider } from './session';
import type { components } from './understudy.gen';

export type Bootstrap = components['schemas']['Bootstrap'];
export type Plugin = components['schemas']['Plugin'];
export type Task = components['schemas']['Task'];
export type ConfigLine = components['schemas']['ConfigLine'];
export type Check = components['schemas']['Check'];
export type CheckStep = components['schemas']['CheckStep'];
export type Attention = components['schemas']['Attention'];
export type AttentionItem = components['schemas']['AttentionItem'];

export const bootstrapQuery = queryOptions({
  queryKey: ['bootstrap'],
  staleTime: Infinity,
  queryFn: async ({ signal }) => {
    const bootstrap = await unwrap(understudy.GET('/bootstrap', { signal }));
    // Before anybody can ask anything else, so that nothing goes to the wrong place.
    addresses.configure(bootstrap.elsewhere);
    return bootstrap;
  },
});

/** The ways to sign in. Backstage does not tell which it has: where the configuration does not either, a guest is tried. */
export function providersOf(bootstrap: Bootstrap): Provider[] {
  if (bootstrap.signIn.length === 0 && bootstrap.elsewhere?.auth) return [{ id: 'guest' }];
  return bootstrap.signIn;
}

/** What keeps this page from signing in at another backend; null when nothing does. */
export function obstacleQuery(base: string) {
  return queryOptions({
    queryKey: ['obstacle', base],
    gcTime: 0,
    refetchOnWindowFocus: true,
    queryFn: async () => (await obstacleOf(base, true)) ?? null,
  });
}

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

/** The latest self-check. Asking begins none. */
export const checkQuery = queryOptions({
  queryKey: ['system', 'check'],
  queryFn: ({ signal }) => unwrap(understudy.GET('/check', { signal })),
});

/** Looks at everything now; takes up to a minute. */
export function runCheck(): Promise<Check> {
  return unwrap(understudy.POST('/check', { body: {} }));
}

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
