import { useQuery } from '@tanstack/react-query';
import { entitiesByRefQuery } from '../api/catalog';
import { formatRef, type Ref, titleOf } from '../api/entity';

/** Asks what entities are called. The answer is undefined for those that are not known (yet). */
export function useTitles(refs: Ref[]): (ref: Ref) => string | undefined {
  const { data } = useQuery(entitiesByRefQuery([...new Set(refs.map(formatRef))].sort()));
  return (ref) => {
    const entity = data?.get(formatRef(ref));
    return entity ? titleOf(entity) : undefined;
  };
}
