import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BlockedError, UnreachableError } from './errors';
import { Failures, obstacleOf } from './reach';

const base = 'https://backstage.example.com/api/auth';

/** A server, as a browser lets a page see it. */
function server(allows: { origin: boolean; credentials: boolean; up?: boolean }) {
  return vi.fn<typeof fetch>(async (_, init) => {
    if (allows.up === false) throw new TypeError('down');
    if (init?.mode === 'no-cors') return new Response(null);
    if (!allows.origin || (init?.credentials === 'include' && !allows.credentials)) throw new TypeError('CORS');
    return Response.json({ keys: [] });
  });
}

describe('obstacleOf', () => {
  it.each([
    ['nothing', { origin: true, credentials: true }, undefined],
    ['the origin', { origin: false, credentials: false }, 'origin'],
    ['credentials', { origin: true, credentials: false }, 'credentials'],
    ['a server that is down', { origin: false, credentials: false, up: false }, 'unreachable'],
  ])('finds %s', async (_, allows, want) => {
    const ask = server(allows);
    expect(await obstacleOf(base, true, ask)).toBe(want);
    for (const [url, init] of ask.mock.calls) {
      expect(url).toBe(`${base}/.backstage/auth/v1/jwks.json`);
      expect(init?.headers).toBeUndefined();
    }
  });

  it('asks for no credentials where none are needed', async () => {
    expect(await obstacleOf(base, false, server({ origin: true, credentials: false }))).toBeUndefined();
  });
});

describe('Failures', () => {
  beforeEach(() => vi.useFakeTimers());

  it('are explained once, for a moment', async () => {
    const ask = server({ origin: false, credentials: false });
    const failures = new Failures(ask);
    expect(failures.recent(base)).toBeUndefined();
    const error = await failures.explain(base, false, new TypeError());
    expect(error).toEqual(new BlockedError(base, 'origin', window.location.origin));
    expect(failures.recent(base)).toBe(error);
    vi.advanceTimersByTime(10_001);
    expect(failures.recent(base)).toBeUndefined();
  });

  it('are of the headers when a simple call passes', async () => {
    const error = await new Failures(server({ origin: true, credentials: true })).explain(base, true, new TypeError());
    expect((error as BlockedError).obstacle).toBe('headers');
  });

  it('are of the network when nothing passes', async () => {
    const error = await new Failures(server({ origin: false, credentials: false, up: false })).explain(base, true, new TypeError());
    expect(error).toBeInstanceOf(UnreachableError);
    expect((error as UnreachableError).where).toBe(base);
  });
});
