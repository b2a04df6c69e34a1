import { describe, expect, it } from 'vitest';
import { Addresses, hostOf } from './addresses';

const joined = () => {
  const a = new Addresses('https://understudy.example.com');
  a.configure({ auth: 'https://backstage.example.com/base/api/auth', catalog: 'https://backstage.example.com/base/api/catalog', frontend: 'https://backstage.example.com/base' });
  return a;
};

describe('Addresses', () => {
  it('are this server\'s own until it says otherwise', () => {
    const a = new Addresses('https://understudy.example.com');
    a.configure(undefined);
    expect(a.base('catalog')).toBe('https://understudy.example.com/api/catalog');
    expect(a.elsewhere('auth')).toBeUndefined();
    expect(a.page('/catalog')).toBeUndefined();
    expect(a.mayCarryToken('https://understudy.example.com/api/rely/v1/status')).toBe(true);
    expect(a.mayCarryToken('https://backstage.example.com/api/catalog/entities')).toBe(false);
  });

  it('lead to the other backend where one serves the plugin', () => {
    const a = joined();
    expect(a.base('auth')).toBe('https://backstage.example.com/base/api/auth');
    expect(a.page('/catalog/default/api/x')).toBe('https://backstage.example.com/base/catalog/default/api/x');
    expect(a.peerOf('https://backstage.example.com/base/api/catalog/entities?x=1')).toBe('https://backstage.example.com/base/api/catalog');
    expect(a.peerOf('https://understudy.example.com/api/rely/v1/status')).toBeUndefined();
  });

  it.each([
    ['https://understudy.example.com/api/spacelift-io/v1/stacks', true],
    ['https://backstage.example.com/base/api/catalog/entities', true],
    ['https://backstage.example.com/base/api/auth/guest/refresh', true],
    ['https://backstage.example.com/base/api/catalogue/x', false],
    ['https://backstage.example.com/base/api/catalog/../proxy/x', false],
    ['https://backstage.example.com/base/api/scaffolder/v2', false],
    ['https://backstage.example.com.evil.example/base/api/catalog/x', false],
    ['http://backstage.example.com/base/api/catalog/x', false],
    ['https://me@backstage.example.com/base/api/catalog/x', false],
    ['https://understudy.example.com/console/x', false],
    ['https://understudy.example.com:8443/api/rely/x', false],
    ['nonsense', false],
  ])('%s may carry the token: %s', (url, may) => {
    expect(joined().mayCarryToken(url)).toBe(may);
  });

  it('have a host for people', () => {
    expect(hostOf('https://backstage.example.com:8443/api/auth')).toBe('backstage.example.com:8443');
    expect(hostOf('nonsense')).toBe('nonsense');
  });
});
