import { describe, expect, it } from 'vitest';
import { formatRef, ownerOf, parseRef, safeUrl, shortRef, titleOf } from './entity';

describe('refs', () => {
  it('are parsed with defaults', () => {
    expect(parseRef('component:shop/cart')).toEqual({ kind: 'component', namespace: 'shop', name: 'cart' });
    expect(parseRef('Component:Cart')).toEqual({ kind: 'Component', namespace: 'default', name: 'Cart' });
    expect(parseRef('team-a', { kind: 'group', namespace: 'data' })).toEqual({ kind: 'group', namespace: 'data', name: 'team-a' });
    expect(parseRef('data/team-a', { kind: 'group' })).toEqual({ kind: 'group', namespace: 'data', name: 'team-a' });
    for (const bad of ['', 'cart', 'a:b:c', 'a:b/c/d', ':x', '/x']) expect(parseRef(bad)).toBeUndefined();
  });

  it('are written canonically, and shortly', () => {
    const ref = { kind: 'Component', namespace: 'Shop', name: 'Cart' };
    expect(formatRef(ref)).toBe('component:shop/cart');
    expect(shortRef(ref)).toBe('component:Shop/Cart');
    expect(shortRef({ kind: 'Group', namespace: 'default', name: 'a' }, { kind: 'group' })).toBe('a');
  });

  it('of an owner take kind and namespace from where they stand', () => {
    const entity = (owner: string) => ({ kind: 'Component', metadata: { name: 'x', namespace: 'data' }, spec: { owner } });
    expect(formatRef(ownerOf(entity('team'))!)).toBe('group:data/team');
    expect(formatRef(ownerOf(entity('user:default/jane'))!)).toBe('user:default/jane');
    expect(ownerOf({ kind: 'User', metadata: { name: 'x' } })).toBeUndefined();
  });
});

describe('titleOf', () => {
  it('prefers a title, then a display name', () => {
    expect(titleOf({ kind: 'User', metadata: { name: 'j', title: 'T' }, spec: { profile: { displayName: 'D' } } })).toBe('T');
    expect(titleOf({ kind: 'User', metadata: { name: 'j' }, spec: { profile: { displayName: 'D' } } })).toBe('D');
    expect(titleOf({ kind: 'User', metadata: { name: 'j' }, spec: { profile: { displayName: 7 } } })).toBe('j');
  });
});

describe('safeUrl', () => {
  it('lets only addresses through that cannot run in this page', () => {
    expect(safeUrl('https://a.example.com/x?y#z')).toBe('https://a.example.com/x?y#z');
    expect(safeUrl('mailto:a@example.com')).toBe('mailto:a@example.com');
    for (const bad of ['javascript:alert(1)', ' JavaScript:alert(1)', 'java\tscript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:/etc/passwd', 'blob:x', '/relative', '', undefined]) {
      expect(safeUrl(bad)).toBeUndefined();
    }
  });
});
