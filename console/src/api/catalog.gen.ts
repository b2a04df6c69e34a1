// temporary stand-in until the catalog's document is there
/* eslint-disable */
type J = Record<string, any>;
type R<T> = { responses: { 200: { headers: {}; content: { 'application/json': T } }; default: { headers: {}; content: { 'application/json': J } } } };
type Post<B, T> = { parameters: {}; requestBody: { content: { 'application/json': B } } } & R<T>;
export interface paths {
  '/entities/by-query': { post: Post<J, J> };
  '/entity-facets': { post: Post<J, { facets: Record<string, { value: string; count: number }[]> }> };
  '/entities/by-refs': { post: Post<J, { items: (J | null)[] }> };
  '/entities/by-name/{kind}/{namespace}/{name}': { get: { parameters: { path: { kind: string; namespace: string; name: string } } } & R<J> };
}
