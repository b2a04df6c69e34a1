// temporary stand-in until the catalog's document is there
type R<T> = { responses: { 200: { headers: Record<string, unknown>; content: { 'application/json': T } } } };
type Post<B, T> = { parameters: { query?: never; header?: never; path?: never; cookie?: never }; requestBody: { content: { 'application/json': B } } } & R<T>;
type E = { kind: string; metadata: { name: string } };
export interface paths {
  '/entities/by-query': { post: Post<{ cursor?: string; limit?: number; fields?: string[]; query?: unknown; fullTextFilter?: { term?: string; fields?: string[] }; orderBy?: { field: string; order: 'asc' | 'desc' }[] }, { items: E[]; totalItems: number; pageInfo: { nextCursor?: string; prevCursor?: string } }> };
  '/entity-facets': { post: Post<{ facets: string[]; query?: unknown }, { facets: Record<string, { value: string; count: number }[]> }> };
  '/entities/by-refs': { post: Post<{ entityRefs: string[]; fields?: string[] }, { items: (E | null)[] }> };
  '/entities/by-name/{kind}/{namespace}/{name}': { get: { parameters: { query?: never; header?: never; path: { kind: string; namespace: string; name: string }; cookie?: never } } & R<E> };
}
