import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import type { LiveState } from '../../api/events';
import { pollAlone, pollLive, readStacks, type Stack, type StackFilters, stacksQuery } from '../../api/spacelift';
import { useLiveStacks } from './live';
import { joined, type Loaded, pagesToRead, reread, rowsOf } from './stackPages';

/** Changes come in bursts: they are answered once in so many milliseconds. */
const quiet = 1000;

const none: Stack[] = [];

/** The list of stacks, read as far as one has scrolled, and kept current. `shown` tells which rows are on screen. */
export function useStacks(filters: StackFilters) {
  const list = useInfiniteQuery(stacksQuery(filters));
  const rows = useMemo(() => (list.data ? rowsOf(list.data.pages) : none), [list.data]);
  const shown = useRef(new Set<string>());
  const again = useReread(filters, shown, list.isFetching);
  const live = useLiveStacks(again);
  usePolling(again, live);
  return { list, rows, shown, live, first: list.data?.pages[0] };
}

/** Reads again what has changed: one reading at a time, and never beside the query's own, whose older answer would win. */
function useReread(filters: StackFilters, shown: React.RefObject<Set<string>>, fetching: boolean) {
  const queryClient = useQueryClient();
  const state = useRef<{ ids: Set<string>; any: boolean; wanted: boolean; busy: boolean; timer?: ReturnType<typeof setTimeout> }>({
    ids: new Set(), any: false, wanted: false, busy: false,
  });
  const now = useRef({ filters, fetching });
  useEffect(() => {
    now.current = { filters, fetching };
  });

  const run = useCallback(async () => {
    const s = state.current;
    s.timer = undefined;
    if (!s.wanted) return;
    const key = stacksQuery(now.current.filters).queryKey;
    const before = queryClient.getQueryData<Loaded>(key);
    if (s.busy || now.current.fetching || !before) {
      s.timer = setTimeout(() => void run(), quiet);
      return;
    }
    const wanted = pagesToRead(before.pages, s.any ? undefined : s.ids, shown.current);
    Object.assign(s, { ids: new Set(), any: false, wanted: false, busy: true });
    try {
      const { filters: asked } = now.current;
      const read = await reread(before, wanted, (cursor) => readStacks(asked, cursor));
      queryClient.setQueryData<Loaded>(key, (current) => joined(read, before, current));
    } catch {
      // What is on screen stays; the status tells what is wrong, and the next poll tries again.
    } finally {
      s.busy = false;
    }
  }, [queryClient, shown]);

  useEffect(() => {
    const s = state.current;
    return () => {
      clearTimeout(s.timer);
      s.timer = undefined;
      s.wanted = false;
    };
  }, []);

  return useCallback(
    (ids: string[] | undefined) => {
      const s = state.current;
      s.wanted = true;
      if (ids) ids.forEach((id) => s.ids.add(id));
      else s.any = true;
      s.timer ??= setTimeout(() => void run(), quiet);
    },
    [run],
  );
}

/** The backstop: what no event told of is seen after a while all the same. */
function usePolling(again: (ids: undefined) => void, live: LiveState) {
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && again(undefined), live === 'live' ? pollLive : pollAlone);
    return () => clearInterval(timer);
  }, [again, live]);
}
