// The catalog's address: filters, search, order and page, so that a view can be shared and the back button works.
import { emptySelection, type FacetName, facetNames, type Selection, type Sort, type SortField, sortFields } from '../api/catalog';

export interface CatalogSearch extends Partial<Record<FacetName, string | string[]>> {
  q?: string;
  orphan?: '1';
  /** A sort field, with a dash before it when descending. */
  sort?: string;
  cursor?: string;
  /** The number of the page that the cursor leads to; only to be shown. */
  page?: string;
}

function list(value: unknown): string[] {
  const values = Array.isArray(value) ? value : [value];
  return [...new Set(values.filter((v): v is string => typeof v === 'string' && v !== ''))];
}

function compact(values: string[]): string | string[] {
  return values.length === 1 ? values[0]! : values;
}

/** Keeps what is understood of an address; the rest is dropped. */
export function parseCatalogSearch(raw: Record<string, unknown>): CatalogSearch {
  const out: CatalogSearch = {};
  if (typeof raw.q === 'string' && raw.q.trim()) out.q = raw.q;
  for (const name of facetNames) {
    const values = list(raw[name]);
    if (values.length > 0) out[name] = compact(values);
  }
  if (raw.orphan === '1') out.orphan = '1';
  if (typeof raw.sort === 'string' && raw.sort !== 'name' && Object.hasOwn(sortFields, raw.sort.replace(/^-/, ''))) out.sort = raw.sort;
  if (typeof raw.cursor === 'string' && raw.cursor) {
    out.cursor = raw.cursor;
    const page = Number(raw.page);
    if (Number.isInteger(page) && page > 1) out.page = String(page);
  }
  return out;
}

export function selectionOf(search: CatalogSearch): Selection {
  const selection = { ...emptySelection, orphan: search.orphan === '1' };
  for (const name of facetNames) selection[name] = list(search[name]);
  return selection;
}

export function searchOf(selection: Selection): Pick<CatalogSearch, FacetName | 'orphan'> {
  const out: Pick<CatalogSearch, FacetName | 'orphan'> = {};
  for (const name of facetNames) if (selection[name].length > 0) out[name] = compact(selection[name]);
  if (selection.orphan) out.orphan = '1';
  return out;
}

export function sortOf(search: CatalogSearch): Sort {
  const text = search.sort ?? 'name';
  return { field: text.replace(/^-/, '') as SortField, descending: text.startsWith('-') };
}

export function sortText(sort: Sort): string | undefined {
  const text = (sort.descending ? '-' : '') + sort.field;
  return text === 'name' ? undefined : text;
}

/** How many values are chosen in all facets, kinds left out because they have a row of their own. */
export function countChosen(selection: Selection): number {
  const chosen = facetNames.filter((n) => n !== 'kind').reduce((sum, name) => sum + selection[name].length, 0);
  return chosen + (selection.orphan ? 1 : 0);
}
