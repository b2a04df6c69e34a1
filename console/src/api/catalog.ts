// What the pages ask of the catalog, as queries for TanStack Query. All keys begin with 'catalog', so that a change of
// the catalog makes them all ask again.
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { addresses } from './addresses';
import { catalog, unwrap } from './client';
import { type Entity, formatRef, type Ref } from './entity';

export const pageSize = 50;

/** What to list. Every list is a choice of any of its values; an empty one sets no limit. */
export interface Selection {
  kind: string[];
  type: string[];
  lifecycle: string[];
  owner: string[];
  tag: string[];
  namespace: string[];
  orphan: boolean;
}

export type FacetName = Exclude<keyof Selection, 'orphan'>;

/** The rows of the catalog's search index that each facet reads (catalog.md 2). */
export const facetKeys: Record<FacetName, string> = {
  kind: 'kind',
  type: 'spec.type',
  lifecycle: 'spec.lifecycle',
  owner: 'relations.ownedBy',
  tag: 'metadata.tags',
  namespace: 'metadata.namespace',
};

export const facetNames = Object.keys(facetKeys) as FacetName[];

export const emptySelection: Selection = {
  kind: [], type: [], lifecycle: [], owner: [], tag: [], namespace: [], orphan: false,
};

/**
 * The fields that a list can be ordered by. Every entity has them: the catalog leaves out what lacks the field that it
 * orders by (catalog.md 4.4).
 */
export const sortFields = { name: 'metadata.name', kind: 'kind', namespace: 'metadata.namespace' } as const;
export type SortField = keyof typeof sortFields;

export interface Sort {
  field: SortField;
  descending: boolean;
}

type Predicate = Record<string, unknown>;

/**
 * The predicate of a selection (catalog.md 4.2), undefined for everything. It is a predicate and no `filter`, because
 * the values of a filter cannot hold a comma.
 */
export function predicateOf(selection: Selection, without?: FacetName): Predicate | undefined {
  const parts: Predicate[] = [];
  for (const name of facetNames) {
    const values = selection[name];
    if (name === without || values.length === 0) continue;
    parts.push({ [facetKeys[name]]: values.length === 1 ? values[0] : { $in: values } });
  }
  if (selection.orphan) parts.push({ 'metadata.annotations.backstage.io/orphan': 'true' });
  if (parts.length === 0) return undefined;
  return parts.length === 1 ? parts[0] : { $all: parts };
}

/** Only what a row shows: relations of a group can be larger than all the rest of a page. */
const listFields = [
  'kind', 'metadata.name', 'metadata.namespace', 'metadata.title', 'metadata.description', 'metadata.tags', 'metadata.uid',
  'metadata.annotations.backstage.io/orphan', 'spec.type', 'spec.lifecycle', 'spec.owner', 'spec.profile',
];

const searchFields = ['metadata.name', 'metadata.title', 'metadata.description', 'metadata.tags', 'spec.profile.displayName'];

export interface EntityPage {
  items: Entity[];
  totalItems: number;
  pageInfo: { nextCursor?: string; prevCursor?: string };
}

export interface ListRequest {
  selection: Selection;
  search: string;
  sort: Sort;
  cursor?: string;
}

export function entitiesQuery(request: ListRequest) {
  return queryOptions({
    queryKey: ['catalog', 'list', request],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const page = await unwrap(asksByFilter(request.selection) ? listByFilter(request, signal) : listByPredicate(request, signal));
      return page as unknown as EntityPage;
    },
  });
}

/**
 * Whether to select by `filter`: older releases of Backstage, which the catalog of another backend may be, know nothing
 * else. A value with a comma has no place in one.
 */
function asksByFilter(selection: Selection): boolean {
  return addresses.elsewhere('catalog') !== undefined && !facetNames.some((name) => selection[name].some((value) => value.includes(',')));
}

/** A selection as a filter (catalog.md 9.3): facets are ANDed, and the values of one ORed. */
export function filterOf(selection: Selection, without?: FacetName): string | undefined {
  const parts = facetNames.flatMap((name) => (name === without ? [] : selection[name].map((value) => `${facetKeys[name]}=${value}`)));
  if (selection.orphan) parts.push('metadata.annotations.backstage.io/orphan=true');
  return parts.length === 0 ? undefined : parts.join(',');
}

function listByPredicate(request: ListRequest, signal: AbortSignal) {
  const body = request.cursor ? { cursor: request.cursor } : firstPage(request);
  return catalog().POST('/entities/by-query', { body: { ...body, limit: pageSize, fields: listFields }, signal });
}

function listByFilter({ cursor, selection, search, sort }: ListRequest, signal: AbortSignal) {
  const filter = filterOf(selection);
  const first = {
    ...(filter && { filter: [filter] }),
    ...(search && { fullTextFilterTerm: search, fullTextFilterFields: [searchFields.join(',')] }),
    orderField: [`${sortFields[sort.field]},${sort.descending ? 'desc' : 'asc'}`],
  };
  const query = { ...(cursor ? { cursor } : first), limit: pageSize, fields: [listFields.join(',')] };
  return catalog().GET('/entities/by-query', { params: { query }, signal });
}

function firstPage({ selection, search, sort }: ListRequest) {
  const query = predicateOf(selection);
  return {
    ...(query && { query }),
    ...(search && { fullTextFilter: { term: search, fields: searchFields } }),
    orderBy: [{ field: sortFields[sort.field], order: sort.descending ? ('desc' as const) : ('asc' as const) }],
  };
}

export interface FacetCount {
  value: string;
  count: number;
}

/**
 * The values of each facet, counted among what the rest of the selection leaves: a facet's own choice does not hide its
 * other values. Facets without a choice share one request.
 */
export function facetsQuery(selection: Selection, names: FacetName[] = facetNames) {
  return queryOptions({
    queryKey: ['catalog', 'facets', selection, names],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const chosen = names.filter((name) => selection[name].length > 0);
      const open = names.filter((name) => selection[name].length === 0);
      const answers = await Promise.all([
        open.length > 0 ? askFacets(open, selection, undefined, signal) : {},
        ...chosen.map((name) => askFacets([name], selection, name, signal)),
      ]);
      return Object.assign({}, ...answers) as Partial<Record<FacetName, FacetCount[]>>;
    },
  });
}

async function askFacets(names: FacetName[], selection: Selection, without: FacetName | undefined, signal: AbortSignal) {
  const keys = names.map((n) => facetKeys[n]);
  const query = predicateOf(selection, without);
  const filter = filterOf(selection, without);
  const answer = await unwrap(
    asksByFilter(selection)
      ? catalog().GET('/entity-facets', { params: { query: { facet: keys, ...(filter && { filter: [filter] }) } }, signal })
      : catalog().POST('/entity-facets', { body: { facets: keys, ...(query && { query }) }, signal }),
  );
  return Object.fromEntries(names.map((name) => [name, merge(answer.facets[facetKeys[name]] ?? [])]));
}

/** Two casings of one value are one choice, because the catalog matches without regard to case. The most come first. */
function merge(counts: FacetCount[]): FacetCount[] {
  const byValue = new Map<string, FacetCount>();
  for (const { value, count } of counts) {
    const known = byValue.get(value.toLowerCase());
    if (known) known.count += count;
    else byValue.set(value.toLowerCase(), { value, count });
  }
  return [...byValue.values()].sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

export function entityQuery(ref: Ref) {
  return queryOptions({
    queryKey: ['catalog', 'entity', formatRef(ref)],
    queryFn: async ({ signal }) => {
      const { kind, namespace, name } = ref;
      const answer = await unwrap(
        catalog().GET('/entities/by-name/{kind}/{namespace}/{name}', { params: { path: { kind, namespace, name } }, signal }),
      );
      return answer as unknown as Entity;
    },
  });
}

/** The entities behind canonical refs, null for those that do not exist or may not be seen. */
export function entitiesByRefQuery(refs: string[]) {
  return queryOptions({
    queryKey: ['catalog', 'refs', refs],
    enabled: refs.length > 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const fields = ['kind', 'metadata.name', 'metadata.namespace', 'metadata.title', 'spec.type', 'spec.profile'];
      const answer = await unwrap(catalog().POST('/entities/by-refs', { body: { entityRefs: refs, fields }, signal }));
      return new Map(refs.map((ref, i) => [ref, (answer.items[i] ?? null) as Entity | null]));
    },
  });
}
