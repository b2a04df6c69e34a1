import { useEffect, useState } from 'react';
import { useLoad } from './useLoad';

interface Page<T> {
  items: T[];
  nextCursor?: string;
  totalItems?: number;
}

interface Options {
  every?: (error: unknown) => number | false;
}

/**
 * A list that is read page by page: each is reached by the cursor of the one before, so the way to where one is stays known. What it
 * gives a Table are the pages, their number as far as it is known.
 */
export function usePages<P extends Page<unknown>>(
  view: string,
  read: (cursor: string | undefined, limit: number, signal: AbortSignal) => Promise<P>,
  { every }: Options = {},
) {
  const [pageSize, setPageSize] = useState(20);
  const key = `${view} ${pageSize}`;
  const [way, setWay] = useState<{ key: string; cursors: (string | undefined)[] }>({ key, cursors: [undefined] });
  const cursors = way.key === key ? way.cursors : [undefined];
  const cursor = cursors[cursors.length - 1];
  const list = useLoad(`${key} ${cursor ?? ''}`, (signal) => read(cursor, pageSize, signal), { keep: true, every: every && ((_, error) => every(error)) });
  const page = list.value;
  // Where what was on this page is gone, the one before may still be there.
  const strayed = page !== undefined && page.items.length === 0 && cursors.length > 1 && !list.loading;
  useEffect(() => {
    if (strayed) setWay((before) => ({ ...before, cursors: before.cursors.slice(0, -1) }));
  }, [strayed]);
  const at = cursors.length - 1;
  const onPageChange = (to: number) => {
    if (to < at) setWay({ key, cursors: cursors.slice(0, to + 1) });
    else if (to > at && page?.nextCursor && !list.loading) setWay({ key, cursors: [...cursors, page.nextCursor] });
  };
  const known = at * pageSize + (page?.items.length ?? 0) + (page?.nextCursor ? 1 : 0);
  const total = page?.totalItems ?? known;
  return {
    page,
    error: list.error,
    loading: list.loading,
    reload: list.reload,
    paging: {
      page: at,
      totalCount: total,
      onPageChange,
      onRowsPerPageChange: setPageSize,
      options: {
        pageSize,
        pageSizeOptions: [20, 50, 100],
        paging: total > 20,
        emptyRowsWhenPaging: false,
        showFirstLastPageButtons: false,
      },
    },
  };
}
