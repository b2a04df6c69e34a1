import { useDocumentVisibility } from '@mantine/hooks';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { follow, type LiveState } from '../../api/events';
import { eventsPath, type SpaceliftEvent } from '../../api/spacelift';

/**
 * Keeps what a page shows of Spacelift fresh while it is looked at. onStacks is told which stacks have changed, or
 * nothing when any may have. A tab that nobody sees does not listen: browsers open six connections to a server at most,
 * and each stream takes one.
 */
export function useLiveStacks(onStacks?: (ids: string[] | undefined) => void): LiveState {
  const queryClient = useQueryClient();
  const visible = useDocumentVisibility() === 'visible';
  const [state, setState] = useState<LiveState>('off');
  const told = useRef(onStacks);
  useEffect(() => {
    told.current = onStacks;
  });
  useEffect(() => {
    if (!visible) return;
    const end = new AbortController();
    void follow<SpaceliftEvent>(end.signal, eventsPath, {
      onState: (next) => !end.signal.aborted && setState(next),
      onEvent: (event) => {
        const changed = changedBy(event);
        if (!changed) return;
        refresh(queryClient, changed.ids);
        if (changed.ids === undefined) void queryClient.invalidateQueries({ queryKey: ['spacelift', 'status'] });
        told.current?.(changed.ids);
      },
    });
    return () => end.abort();
  }, [queryClient, visible]);
  return state;
}

/** What an event says has changed: `ids` is undefined when it may be anything. Undefined for an event that says nothing. */
export function changedBy(event: SpaceliftEvent): { ids: string[] | undefined } | undefined {
  if (event.type === 'stacks') return { ids: event.ids };
  return event.type === 'hello' || event.type === 'status' ? { ids: undefined } : undefined;
}

/** Asks again for what is on screen, but not for the list, which reads only the pages that it must. */
export function refresh(queryClient: QueryClient, ids: string[] | undefined): void {
  void queryClient.invalidateQueries({
    predicate: ({ queryKey: [family, kind, id] }) => {
      if (family !== 'spacelift') return false;
      if (kind === 'entity') return true;
      return (kind === 'stack' || kind === 'runs') && (ids === undefined || ids.includes(id as string));
    },
  });
}
