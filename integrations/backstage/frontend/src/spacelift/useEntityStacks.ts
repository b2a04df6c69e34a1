import { useApi } from '@backstage/core-plugin-api';
import { useEntity } from '@backstage/plugin-catalog-react';
import { isV1Missing, spaceliftApiRef, type Stack } from '../api/SpaceliftApi';
import { useLoad } from '../hooks/useLoad';
import { stackIdsOf } from './annotation';
import { pollAfter, useChanges } from './live';
import { type Row, rowOf } from './StacksTable';
import { officialRow } from './officialRow';

const most = 200;

interface Found {
  rows: Row[];
  /** As v1 has them; absent where the official plugin answers. */
  stacks?: Stack[];
}

/** The stacks that the entity of this page names and that one may see. */
export function useEntityStacks() {
  const api = useApi(spaceliftApiRef);
  const { entity } = useEntity();
  const ids = stackIdsOf(entity);
  const { kind, metadata } = entity;
  const entityRef = `${kind}:${metadata.namespace ?? 'default'}/${metadata.name}`.toLowerCase();
  const live = useChanges((changed) => (changed === undefined || changed.some((id) => ids.includes(id))) && found.reload());
  const read = async (signal: AbortSignal): Promise<Found> => {
    try {
      const { items } = await api.stacks({ entityRef }, { limit: most }, signal);
      return { rows: items.map(rowOf), stacks: items };
    } catch (error) {
      if (!isV1Missing(error)) throw error;
      const all = await api.officialStacks(signal);
      const { hostUrl } = api.settings();
      return { rows: all.filter(({ id }) => ids.includes(id)).map((stack) => officialRow(stack, hostUrl)) };
    }
  };
  const found = useLoad<Found>(`${entityRef} ${ids.join()}`, read, { every: (_, error) => pollAfter(live, error) });
  // What the entity names and is not there: a slip in the annotation, or a stack that one may not see.
  const missing = found.value ? ids.filter((id) => !found.value?.rows.some((row) => row.id === id)) : [];
  return { ...found, missing };
}
