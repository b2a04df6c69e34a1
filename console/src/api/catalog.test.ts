import { describe, expect, it } from 'vitest';
import { emptySelection, filterOf, predicateOf } from './catalog';

describe('predicateOf', () => {
  it('is nothing for everything', () => {
    expect(predicateOf(emptySelection)).toBeUndefined();
  });

  it('ands facets and ors their values', () => {
    expect(predicateOf({ ...emptySelection, kind: ['component'], tag: ['go', 'a, b'] })).toEqual({
      $all: [{ kind: 'component' }, { 'metadata.tags': { $in: ['go', 'a, b'] } }],
    });
  });

  it('leaves a facet out when its own values are counted', () => {
    expect(predicateOf({ ...emptySelection, kind: ['component'], owner: ['group:default/a'] }, 'kind')).toEqual({
      'relations.ownedBy': 'group:default/a',
    });
  });

  it('finds orphans', () => {
    expect(predicateOf({ ...emptySelection, orphan: true })).toEqual({ 'metadata.annotations.backstage.io/orphan': 'true' });
  });
});

describe('filterOf', () => {
  it('is nothing for everything', () => {
    expect(filterOf(emptySelection)).toBeUndefined();
  });

  it('ands facets, ors their values, and leaves one out', () => {
    const selection = { ...emptySelection, kind: ['component'], tag: ['go', 'rust'], orphan: true };
    expect(filterOf(selection)).toBe('kind=component,metadata.tags=go,metadata.tags=rust,metadata.annotations.backstage.io/orphan=true');
    expect(filterOf(selection, 'tag')).toBe('kind=component,metadata.annotations.backstage.io/orphan=true');
  });
});
