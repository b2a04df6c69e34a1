// The list of stacks is read page by page, and stays what the server has while pages are on screen: after a change only
// the pages that it concerns are read again, all at once on screen, so that nothing flickers or jumps.
import type { Stack, StackPage } from '../../api/spacelift';

export interface Loaded {
  pages: StackPage[];
  pageParams: (string | undefined)[];
}

/** The rows of all pages. A stack that moved between two readings may be on two: it is shown once. */
export function rowsOf(pages: StackPage[]): Stack[] {
  const seen = new Set<string>();
  return pages.flatMap((page) => page.items.filter((stack) => !seen.has(stack.id) && seen.add(stack.id)));
}

/**
 * The numbers of the pages to read again: the first because it has the counts, those on screen, and those that hold one of
 * the changed stacks; `ids` is undefined when anything may have changed, and then what is on screen must do.
 */
export function pagesToRead(pages: StackPage[], ids: Set<string> | undefined, shown: Set<string>): Set<number> {
  const wanted = new Set([0]);
  pages.forEach((page, i) => {
    if (page.items.some((s) => (ids ? ids.has(s.id) : shown.has(s.id)))) wanted.add(i);
  });
  return wanted;
}

/**
 * Reads pages again. When a page now ends elsewhere, the one after it begins there and is read too, so that no row is
 * lost or doubled. When the number of rows has changed, one may have come or gone on any page: all are read.
 */
export async function reread(old: Loaded, wanted: Set<number>, read: (cursor: string | undefined) => Promise<StackPage>): Promise<Loaded> {
  const out: Loaded = { pages: [], pageParams: [] };
  let cursor = old.pageParams[0];
  let all = false;
  for (let i = 0; i < old.pages.length; i++) {
    const known = old.pages[i]!;
    const page = all || wanted.has(i) || cursor !== old.pageParams[i] ? await read(cursor) : known;
    if (i === 0 && page.totalItems !== known.totalItems) all = true;
    out.pages.push(page);
    out.pageParams.push(cursor);
    if (page.nextCursor === undefined) break;
    cursor = page.nextCursor;
  }
  return out;
}

/** What was read again, with the pages that came meanwhile. */
export function joined(read: Loaded, before: Loaded, now: Loaded | undefined): Loaded {
  if (!now || now === before) return read;
  const n = read.pages.length;
  if (now.pages.length <= n || now.pageParams[n] !== read.pages[n - 1]?.nextCursor) return read;
  return { pages: [...read.pages, ...now.pages.slice(n)], pageParams: [...read.pageParams, ...now.pageParams.slice(n)] };
}
