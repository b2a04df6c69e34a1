import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, UnreachableError } from './errors';
import { renewAfter, secondsLeft, SessionStore } from './session';

function answer(token: string, expiresInSeconds = 3600): Response {
  return Response.json({
    profile: {},
    backstageIdentity: { token, expiresInSeconds, identity: { type: 'user', userEntityRef: 'user:development/guest' } },
  });
}

const refused = () => Response.json({ error: { name: 'NotAllowedError', message: 'no guests' } }, { status: 403 });

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
});
afterEach(() => vi.useRealTimers());

describe('SessionStore', () => {
  it('signs in as a guest, and keeps the token out of storage', async () => {
    const fetch = vi.fn(async () => answer('secret-token'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    expect(store.wasGuest()).toBe(false);
    await store.signInAsGuest();
    expect(store.get()).toEqual({ state: 'in', userRef: 'user:development/guest', way: 'guest' });
    expect(await store.token()).toBe('secret-token');
    expect(fetch).toHaveBeenCalledWith('/api/auth/guest/refresh', expect.objectContaining({ headers: { 'X-Requested-With': 'XMLHttpRequest' } }));
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain('secret-token');
    expect(store.wasGuest()).toBe(true);
  });

  it('renews the token before it ends', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>().mockResolvedValueOnce(answer('first')).mockResolvedValueOnce(answer('second'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signInAsGuest();
    await vi.advanceTimersByTimeAsync(3299_000);
    expect(await store.token()).toBe('first');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await store.token()).toBe('second');
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('asks once for many who want a renewed token', async () => {
    const fetch = vi.fn(async () => answer('t'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signInAsGuest();
    await Promise.all([store.renew(), store.renew(), store.renew()]);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('ends the session when the server refuses to renew, and says so', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>().mockResolvedValueOnce(answer('t')).mockImplementation(async () => refused());
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signInAsGuest();
    await store.renew();
    expect(store.get()).toEqual({ state: 'out', reason: 'expired' });
    expect(await store.token()).toBe('');
    expect(store.wasGuest()).toBe(false);
  });

  it('keeps the session while the server cannot be reached', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>().mockResolvedValueOnce(answer('t')).mockRejectedValue(new TypeError('down'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signInAsGuest();
    await store.renew();
    expect(store.get().state).toBe('in');
  });

  it('hands on why a sign-in failed', async () => {
    const store = new SessionStore({ fetch: async () => refused(), storage: sessionStorage });
    await expect(store.signInAsGuest()).rejects.toEqual(new ApiError(403, 'NotAllowedError', 'no guests'));
    expect(store.get().state).toBe('out');
    const down = new SessionStore({ fetch: async () => Promise.reject(new TypeError('down')), storage: sessionStorage });
    await expect(down.signInAsGuest()).rejects.toBeInstanceOf(UnreachableError);
  });

  it('takes a token that the server accepts, and forgets it on sign-out', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async () => Response.json({ plugins: [] }));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signInWithToken('static');
    expect(await store.token()).toBe('static');
    expect(store.wasGuest()).toBe(false);
    store.signOut();
    expect(await store.token()).toBe('');
  });

  it('tells its listeners, until they leave', async () => {
    const store = new SessionStore({ fetch: async () => answer('t'), storage: sessionStorage });
    const heard: string[] = [];
    const leave = store.subscribe(() => heard.push(store.get().state));
    await store.signInAsGuest();
    leave();
    store.signOut();
    expect(heard).toEqual(['busy', 'in']);
  });
});

describe('times', () => {
  it('renews five minutes early, but never most of a short life', () => {
    expect(renewAfter(3600)).toBe(3300_000);
    expect(renewAfter(60)).toBe(30_000);
  });

  it('reads the end of a token, and survives what is none', () => {
    const token = `h.${btoa(JSON.stringify({ exp: 1000 })).replaceAll('=', '')}.s`;
    expect(secondsLeft(token, 400_000)).toBe(600);
    expect(secondsLeft('opaque')).toBeUndefined();
    expect(secondsLeft('a.!!.c')).toBeUndefined();
  });
});
