import { describe, expect, it } from 'vitest';
import { parseCatalogSearch, searchOf, selectionOf, sortOf, sortText } from '../pages/catalogSearch';
import { parseQuery, stringifyQuery } from './searchParams';

describe('addresses', () => {
  it('keep lists, and read as people write them', () => {
    const text = stringifyQuery({ kind: 'component', owner: ['group:default/a', 'user:default/b'], q: 'a&b=c d', empty: '', none: undefined });
    expect(text).toBe('?kind=component&owner=group:default/a&owner=user:default/b&q=a%26b%3Dc+d');
    expect(parseQuery(text)).toEqual({ kind: 'component', owner: ['group:default/a', 'user:default/b'], q: 'a&b=c d' });
    expect(stringifyQuery({})).toBe('');
  });

  it('of the catalog go around', () => {
    const search = parseCatalogSearch(parseQuery('?kind=api&tag=a&tag=b&tag=a&orphan=1&sort=-kind&q=x&cursor=abc%3D&page=3'));
    expect(search).toEqual({ kind: 'api', tag: ['a', 'b'], orphan: '1', sort: '-kind', q: 'x', cursor: 'abc=', page: '3' });
    expect(selectionOf(search)).toMatchObject({ kind: ['api'], tag: ['a', 'b'], owner: [], orphan: true });
    expect(searchOf(selectionOf(search))).toEqual({ kind: 'api', tag: ['a', 'b'], orphan: '1' });
    expect(sortOf(search)).toEqual({ field: 'kind', descending: true });
  });

  it('of the catalog survive nonsense', () => {
    expect(parseCatalogSearch(parseQuery('?sort=constructor&page=-1&orphan=yes&kind=&q=%20&foo=bar&page=2'))).toEqual({});
    expect(sortText(sortOf({}))).toBeUndefined();
  });
});
