// Entities that are not in the catalog because their processing never succeeded.
import { queryOptions } from '@tanstack/react-query';
import { addresses } from './addresses';
import type { components } from './catalog.gen';
import { catalog, unwrap } from './client';
import { text } from './entity';
import { ApiError } from './errors';

export type Unprocessed = components['schemas']['UnprocessedEntity'];

/**
 * All that failed, as far as one answer holds. A first failure changes nothing that reads see, so that no event tells of
 * it: this asks again by itself. Who may not see them, or asks a catalog that does not list them, sees none.
 */
export const failedQuery = queryOptions({
  queryKey: ['catalog', 'failed'],
  refetchInterval: () => (addresses.elsewhere('catalog') ? false : 10_000),
  queryFn: async ({ signal }) => {
    // That of another backend need not have the route, and is not to be asked over and over.
    if (addresses.elsewhere('catalog')) return { entities: [], truncated: false };
    try {
      const { entities, truncated } = await unwrap(catalog().GET('/entities/unprocessed/failed', { signal }));
      return { entities, truncated: truncated ?? false };
    } catch (error) {
      if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return { entities: [], truncated: false };
      throw error;
    }
  },
});

/** The heart of an error: what the last of its causes says. */
export function reasonOf(message: string): string {
  const last = message.split('; caused by ').at(-1) ?? message;
  return last.replace(/^[A-Z]\w*Error: /, '');
}

/** Where an entity was read: the file, or the address, without the type of location in front. */
export function sourceOf(row: Pick<Unprocessed, 'location_key' | 'unprocessed_entity'>): string | undefined {
  const metadata = row.unprocessed_entity.metadata as { annotations?: Record<string, unknown> } | undefined;
  const location = text(row.location_key) ?? text(metadata?.annotations?.['backstage.io/managed-by-location']);
  return location?.replace(/^[a-z-]+:(?=.)/, '');
}
