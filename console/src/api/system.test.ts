import { expect, it } from 'vitest';
import { type Attention, attentionDue } from './system';

const none = { count: 0, items: [] };
const attention: Attention = { entities: 1, errors: none, orphans: none, missing: none };

it('asks again when the server has the change, and now and then without one', () => {
  expect(attentionDue({ ...attention, refreshIn: 2 })).toBe(2000);
  expect(attentionDue(attention)).toBe(30_000);
  expect(attentionDue(undefined)).toBe(30_000);
});
