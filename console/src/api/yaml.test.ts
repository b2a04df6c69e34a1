import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toYaml } from './yaml';

const awkward = [
  '', ' ', 'a', '~', 'null', 'Null', 'true', 'Yes', 'off', 'y', '1', '01', '1.5', '1e3', '.5', '0x1f', '0o17', '1_000', '12:30', '1:2:3',
  '2026-11-22', '2026-11-22T10:00:00Z', '.inf', '-.INF', '.NaN', '-', '--', '---', '...', '<<', '=', '- a', '? a', ': a', 'a: b', 'a:', 'a:b',
  'a #b', 'a#b', '#a', '&a', '*a', '!a', '%a', '@a', '`a', '"a"', "'a'", "it's", '[a]', '{a}', 'a, b', 'a\tb', 'a ', ' a', '\ta', 'a\\b',
  'url:https://example.com/a?b=c#d', '1a04f677-32a0-4c88-849d-9a79228b912f', 'grün', '日本', '🎭', '\u0000', '\u0085', '\u2028', '\ufeff', '\ud800',
  'a\nb', 'a\nb\n', 'a\nb\n\n', '\na', 'a\n\nb', ' a\nb', 'a \nb', 'a\n b', 'a\n\tb\n', '\n', '\n\n', 'a\r\nb', '#a\nb: c\n', '- a\n- b', 'a\u0001\nb', '🎭\n🎭',
];

describe('toYaml', () => {
  it.each(awkward)('keeps %j as a value, a key and an item', (text) => {
    const value = { v: text, [text]: 1, list: [text, [text], { k: text, l: [text] }], deep: { deeper: { v: text } } };
    expect(parse(toYaml(value))).toEqual(value);
    expect(parse(toYaml(value), { version: '1.1', merge: false })).toEqual(value);
  });

  it('keeps scalars, and what is empty', () => {
    const value = { a: null, b: true, c: -1.5e300, d: [], e: {}, f: [[], {}, [[1, [2]], { a: [{ b: {} }] }]] };
    expect(parse(toYaml(value))).toEqual(value);
  });

  it('writes as people do', () => {
    expect(toYaml({ kind: 'API', metadata: { name: 'a', tags: ['x', 'go'], links: [{ url: 'https://a.example.com', title: 'A' }] }, spec: { definition: 'one\ntwo\n' } })).toBe(
      'kind: API\nmetadata:\n  name: a\n  tags:\n    - x\n    - go\n  links:\n    - url: https://a.example.com\n      title: A\nspec:\n  definition: |\n    one\n    two\n',
    );
  });
});
