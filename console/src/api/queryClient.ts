import { QueryClient } from '@tanstack/react-query';
import { isPassing } from './errors';

/**
 * The page's memory of what the server said. What failed in passing is asked again by itself, so that a page comes back
 * with its server.
 */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        retry: (failures, error) => failures < 1 && isPassing(error),
        retryDelay: 500,
        refetchInterval: (query) => (query.state.status === 'error' && isPassing(query.state.error) ? 10_000 : false),
      },
    },
  });
}
