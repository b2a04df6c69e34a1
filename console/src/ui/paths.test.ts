import { describe, expect, it } from 'vitest';
import { keyParts, pathPieces, shortPath } from './paths';

describe('a path', () => {
  it.each([
    ['catalog-info.yaml', 'catalog-info.yaml'],
    ['/srv/catalog/payments.yaml', '/srv/catalog/payments.yaml'],
    ['/root/.local/state/understudy/demo/catalog/domains/payments/payments.yaml', '/root/…/domains/payments/payments.yaml'],
    ['https://github.com/acme/shop/blob/main/services/cart/catalog-info.yaml', 'https://github.com/…/cart/catalog-info.yaml'],
    ['a-folder/another-folder/one-more-folder/x/y/z.yaml', 'a-folder/…/one-more-folder/x/y/z.yaml'],
    ['/srv/x/a-name-that-is-longer-than-all-that-a-line-may-be-expected-to-hold.yaml', '/srv/…/a-name-that-is-longer-than-all-that-a-line-may-be-expected-to-hold.yaml'],
    ['one-name-that-is-longer-than-all-that-a-line-may-be-expected-to-hold.yaml', 'one-name-that-is-longer-than-all-that-a-line-may-be-expected-to-hold.yaml'],
    ['/srv/a-name-that-is-longer-than-all-that-a-line-may-be-expected-to-hold.yaml', '/srv/a-name-that-is-longer-than-all-that-a-line-may-be-expected-to-hold.yaml'],
    ['', ''],
  ])('%s is %s', (path, short) => expect(shortPath(path)).toBe(short));

  it('is broken after slashes, and nothing of it is lost', () => {
    expect(pathPieces('/srv/a.yaml')).toEqual(['/', 'srv/', 'a.yaml']);
    expect(pathPieces('https://x.io/a/')).toEqual(['https://', 'x.io/', 'a/']);
    expect(pathPieces('')).toEqual([]);
  });
});

describe('keys', () => {
  it('break after their slash, and after their dots', () => {
    expect(keyParts('acme.example.com/tier')).toEqual([['acme.', 'example.', 'com/'], ['tier']]);
    expect(keyParts('backstage.io/managed-by-location')).toEqual([['backstage.', 'io/'], ['managed-by-location']]);
    expect(keyParts('Owned by')).toEqual([['Owned by']]);
    expect(keyParts('')).toEqual([]);
  });

  it('lose nothing', () => {
    for (const key of ['a.b/c.d', '..', './x', 'a..b', '/']) expect(keyParts(key).flat().join('')).toBe(key);
  });
});
