import { describe, expect, it } from 'vitest';
import { outcomes, tookText } from './checks';
import { providerLabel } from './providers';

describe('providers', () => {
  it('have the names that people know', () => {
    expect(['guest', 'github', 'my-own', 'constructor'].map(providerLabel)).toEqual(['Enter as a guest', 'Sign in with GitHub', 'Sign in with my-own', 'Sign in with constructor']);
  });
});

describe('checks', () => {
  it('have words', () => {
    expect(Object.values(outcomes).map((o) => o.word)).toEqual(['Passed', 'Warning', 'Failed', 'Skipped']);
    expect([tookText(0), tookText(999), tookText(1500), tookText(61_000)]).toEqual(['0 ms', '999 ms', '1.5 s', '61 s']);
  });
});
