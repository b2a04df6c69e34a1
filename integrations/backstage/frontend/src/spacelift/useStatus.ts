import { useApi } from '@backstage/core-plugin-api';
import { isV1Missing, spaceliftApiRef, type Status } from '../api/SpaceliftApi';
import { type Loaded, useLoad } from '../hooks/useLoad';

/** How the backend is. Where it is not Understudy's, the error says so, and it is not asked again. */
export function useStatus(): Loaded<Status> {
  const api = useApi(spaceliftApiRef);
  return useLoad('status', (signal) => api.status(signal), { every: (_, error) => (isV1Missing(error) ? false : 30_000) });
}

/**
 * Whether triggers have no place at all: the server says so, or has not said yet. To whom it does not tell how it is, each stack
 * still tells whether it can be triggered.
 */
export const isReadOnly = ({ value, error }: Loaded<Status>) => (value ? value.readOnly || !value.canWrite : error === undefined);
