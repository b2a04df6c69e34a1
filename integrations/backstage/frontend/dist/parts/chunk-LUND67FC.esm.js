import {
  useLoad
} from "./chunk-CZSHZ6WC.esm.js";

// src/hooks/usePages.ts
import { useEffect, useState } from "react";
function usePages(view, read, { every } = {}) {
  const [pageSize, setPageSize] = useState(20);
  const key = `${view} ${pageSize}`;
  const [way, setWay] = useState({ key, cursors: [void 0] });
  const cursors = way.key === key ? way.cursors : [void 0];
  const cursor = cursors[cursors.length - 1];
  const list = useLoad(`${key} ${cursor ?? ""}`, (signal) => read(cursor, pageSize, signal), { keep: true, every: every && ((_, error) => every(error)) });
  const page = list.value;
  const strayed = page !== void 0 && page.items.length === 0 && cursors.length > 1 && !list.loading;
  useEffect(() => {
    if (strayed) setWay((before) => ({ ...before, cursors: before.cursors.slice(0, -1) }));
  }, [strayed]);
  const at = cursors.length - 1;
  const onPageChange = (to) => {
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
        showFirstLastPageButtons: false
      }
    }
  };
}

export {
  usePages
};
