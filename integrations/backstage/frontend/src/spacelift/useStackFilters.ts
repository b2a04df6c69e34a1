import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import type { StackFilters } from '../api/SpaceliftApi';

const lists = ['group', 'space', 'label'] as const;

/** What is filtered for is part of the address, so that it can be sent to somebody and survives a reload. */
export function useStackFilters(): [StackFilters, (change: Partial<StackFilters>) => void] {
  const [params, setParams] = useSearchParams();
  const filters = useMemo((): StackFilters => ({
    q: params.get('q') ?? '',
    ...Object.fromEntries(lists.map((name) => [name, params.getAll(name)])),
  }), [params]);
  const change = useCallback((changed: Partial<StackFilters>) => {
    const next = { ...filters, ...changed };
    const wanted = new URLSearchParams();
    if (next.q) wanted.set('q', next.q);
    for (const name of lists) for (const value of next[name] ?? []) wanted.append(name, value);
    setParams(wanted, { replace: true });
  }, [filters, setParams]);
  return [filters, change];
}
