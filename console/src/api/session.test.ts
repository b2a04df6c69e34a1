import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addresses } from './addresses';
import { ApiError, BlockedError, SignInError, UnreachableError } from './errors';
import { renewAfter, secondsLeft, SessionStore, userOf } from './session';

const guest = { id: 'guest' };

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
afterEach(() => {
  vi.useRealTimers();
  addresses.configure(undefined);
});

function tokenOf(claims: object): string {
  return `h.${btoa(JSON.stringify(claims)).replaceAll('=', '')}.s`;
}

describe('SessionStore', () => {
  it('signs in as a guest, and keeps the token out of storage', async () => {
    const fetch = vi.fn(async () => answer('secret-token'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    expect(store.remembered()).toBeNull();
    await store.signIn(guest);
    expect(store.get()).toEqual({ state: 'in', userRef: 'user:development/guest', way: 'provider' });
    expect(await store.token()).toBe('secret-token');
    expect(fetch).toHaveBeenCalledWith(`${window.location.origin}/api/auth/guest/refresh`, expect.objectContaining({ headers: { 'X-Requested-With': 'XMLHttpRequest' } }));
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain('secret-token');
    expect(store.remembered()).toBe('guest');
  });

  it('renews the token before it ends', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>().mockResolvedValueOnce(answer('first')).mockResolvedValueOnce(answer('second'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signIn(guest);
    await vi.advanceTimersByTimeAsync(3299_000);
    expect(await store.token()).toBe('first');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await store.token()).toBe('second');
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('asks once for many who want a renewed token', async () => {
    const fetch = vi.fn(async () => answer('t'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signIn(guest);
    await Promise.all([store.renew(), store.renew(), store.renew()]);
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  it('ends the session when the server refuses to renew, and says so', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>().mockResolvedValueOnce(answer('t')).mockImplementation(async () => refused());
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signIn(guest);
    await store.renew();
    expect(store.get()).toEqual({ state: 'out', reason: 'expired' });
    expect(await store.token()).toBe('');
    expect(store.remembered()).toBeNull();
  });

  it('keeps the session while the server cannot be reached', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>().mockResolvedValueOnce(answer('t')).mockRejectedValue(new TypeError('down'));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signIn(guest);
    await store.renew();
    expect(store.get().state).toBe('in');
  });

  it('hands on why a sign-in failed', async () => {
    const store = new SessionStore({ fetch: async () => refused(), storage: sessionStorage });
    await expect(store.signIn(guest)).rejects.toEqual(new ApiError(403, 'NotAllowedError', 'no guests'));
    expect(store.get().state).toBe('out');
    const down = new SessionStore({ fetch: async () => Promise.reject(new TypeError('down')), storage: sessionStorage });
    await expect(down.signIn(guest)).rejects.toBeInstanceOf(UnreachableError);
  });

  it('takes a token that the server accepts, and forgets it on sign-out', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async () => Response.json({ plugins: [] }));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signInWithToken('static');
    expect(await store.token()).toBe('static');
    expect(store.remembered()).toBeNull();
    store.signOut();
    expect(await store.token()).toBe('');
  });

  it('tells its listeners, until they leave', async () => {
    const store = new SessionStore({ fetch: async () => answer('t'), storage: sessionStorage });
    const heard: string[] = [];
    const leave = store.subscribe(() => heard.push(store.get().state));
    await store.signIn(guest);
    leave();
    store.signOut();
    expect(heard).toEqual(['busy', 'in']);
  });
});

const base = 'https://backstage.example.com/api/auth';

/** What a fetch was asked for. */
function asked(fetch: { mock: { calls: Parameters<typeof globalThis.fetch>[] } }): string[] {
  return fetch.mock.calls.map(([url]) => String(url));
}

describe('SessionStore, joined', () => {
  beforeEach(() => addresses.configure({ auth: base, catalog: 'https://backstage.example.com/api/catalog' }));

  it('signs in and renews at the other backend, and shows the token to this server first', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async (url) => (String(url).startsWith(base) ? answer('theirs') : Response.json({ plugins: [] })));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await store.signIn(guest);
    expect(store.get()).toEqual({ state: 'in', userRef: 'user:development/guest', way: 'provider', by: 'backstage.example.com' });
    await store.renew();
    expect(asked(fetch)).toEqual([`${base}/guest/refresh`, '/api/understudy/v1/plugins', `${base}/guest/refresh`]);
    expect(fetch.mock.calls[0]![1]).toMatchObject({ credentials: 'include', headers: { 'X-Requested-With': 'XMLHttpRequest' } });
    expect(fetch.mock.calls[1]![1]).toMatchObject({ headers: { Authorization: 'Bearer theirs' } });
  });

  it('says so when this server does not take the other\'s token', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async (url) =>
      String(url).startsWith(base) ? answer('theirs') : Response.json({ error: { name: 'AuthenticationError', message: 'Failed user token verification' } }, { status: 401 }));
    const store = new SessionStore({ fetch, storage: sessionStorage });
    await expect(store.signIn(guest)).rejects.toMatchObject({ title: 'This server does not take the token', message: expect.stringContaining('Failed user token verification') });
    expect(store.get().state).toBe('out');
    expect(store.remembered()).toBeNull();
  });

  it('says what to configure where the other backend has no such provider', async () => {
    const missing = new Response(JSON.stringify({ error: { name: 'NotFoundError', message: "Unknown auth provider 'guest'" } }), { status: 404 });
    Object.defineProperty(missing, 'url', { value: `${base}/guest/refresh` });
    const store = new SessionStore({ fetch: async () => missing, storage: sessionStorage });
    const error = await store.signIn(guest).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SignInError);
    expect(error).toMatchObject({ message: expect.stringContaining("Unknown auth provider 'guest'"), yaml: expect.stringContaining('providers:') });
  });

  it('tells a missing backend.cors from a server that is down', async () => {
    const closed = new SessionStore({
      fetch: async (_, init) => {
        if (init?.mode === 'no-cors') return new Response();
        throw new TypeError('CORS');
      },
    });
    await expect(closed.signIn(guest)).rejects.toEqual(new BlockedError(base, 'origin', window.location.origin));
    const down = new SessionStore({ fetch: async () => Promise.reject(new TypeError('down')) });
    await expect(down.signIn(guest)).rejects.toBeInstanceOf(UnreachableError);
  });

  it('opens a window for a provider that has one, asks its cookie afterwards, and hears nobody else', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async (url) => (String(url).startsWith(base) ? answer('renewed') : Response.json({ plugins: [] })));
    const popup = { closed: false, close: vi.fn() } as unknown as Window;
    const open = vi.fn((_url: string) => popup);
    const store = new SessionStore({ fetch, storage: sessionStorage, open });
    const entering = store.signIn({ id: 'github', env: 'production' });
    expect(open.mock.calls[0]![0]).toBe(`${base}/github/start?scope=&origin=${encodeURIComponent(window.location.origin)}&flow=popup&env=production`);
    const post = (init: MessageEventInit) => window.dispatchEvent(new MessageEvent('message', init));
    const forged = { type: 'authorization_response', response: { backstageIdentity: { token: 'forged', identity: { userEntityRef: 'user:default/eve' } } } };
    post({ source: window, origin: 'https://backstage.example.com', data: forged });
    post({ source: popup, origin: 'https://evil.example.com', data: forged });
    const identity = { token: 'theirs', expiresInSeconds: 3600, identity: { userEntityRef: 'user:default/jane' } };
    post({ source: popup, origin: 'https://backstage.example.com', data: { type: 'authorization_response', response: { backstageIdentity: identity } } });
    await entering;
    expect(store.get()).toMatchObject({ state: 'in', userRef: 'user:default/jane', way: 'provider' });
    expect(popup.close).toHaveBeenCalled();
    expect(store.remembered()).toBe('github');
    await store.renew();
    expect(asked(fetch).at(-1)).toBe(`${base}/github/refresh?optional=&scope=&env=production`);
  });

  it('says what a closed window may have said', async () => {
    for (const [target, title] of [[undefined, 'The window was closed'], ['https://backstage.example.com', 'Backstage answers another page']] as const) {
      const popup = { closed: false, close: () => undefined };
      const store = new SessionStore({ fetch: async () => answer('t'), open: () => popup as unknown as Window });
      const entering = store.signIn({ id: 'github', env: 'development' }).catch((e: unknown) => e);
      if (target) window.dispatchEvent(new MessageEvent('message', { source: popup as unknown as Window, origin: 'https://backstage.example.com', data: { type: 'config_info', targetOrigin: target } }));
      popup.closed = true;
      await vi.advanceTimersByTimeAsync(300);
      expect(await entering).toMatchObject({ title: expect.stringContaining(title), yaml: expect.stringContaining(`experimentalExtraAllowedOrigins: ['${window.location.origin}']`) });
    }
    const blocked = new SessionStore({ open: () => null });
    await expect(blocked.signIn({ id: 'github', env: 'development' })).rejects.toMatchObject({ title: 'The browser opened no window' });
  });
});

describe('a pasted token', () => {
  const seconds = () => Math.floor(Date.now() / 1000);

  it('tells whose it is and when it ends, and ends with a word', async () => {
    const token = tokenOf({ sub: 'user:default/jane', exp: seconds() + 600 });
    const store = new SessionStore({ fetch: async () => Response.json({ plugins: [] }), storage: sessionStorage });
    await store.signInWithToken(token);
    expect(store.get()).toEqual({ state: 'in', userRef: 'user:default/jane', way: 'token', ends: expect.any(Number) });
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain(token);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(store.get()).toEqual({ state: 'out', reason: 'expired' });
  });

  it('is refused in the words of the server', async () => {
    const fetch = async () => Response.json({ error: { name: 'AuthenticationError', message: 'Illegal token' } }, { status: 401 });
    await expect(new SessionStore({ fetch }).signInWithToken('x')).rejects.toEqual(new SignInError('This server does not take the token', 'Illegal token.'));
  });

  it('that has ended is not even sent', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>();
    await expect(new SessionStore({ fetch }).signInWithToken(tokenOf({ exp: seconds() - 7200 }))).rejects.toMatchObject({ message: 'Its time was over 2 hours ago. Take a fresh one.' });
    expect(fetch).not.toHaveBeenCalled();
  });

  it('of a service has no user', () => {
    expect(userOf(tokenOf({ sub: 'plugin' }))).toBe('');
    expect(userOf('opaque')).toBe('');
  });
});

describe('times', () => {
  it('renews five minutes early, but never most of a short life', () => {
    expect(renewAfter(3600)).toBe(3300_000);
    expect(renewAfter(60)).toBe(30_000);
  });

  it('reads the end of a token, and survives what is none', () => {
    expect(secondsLeft(tokenOf({ exp: 1000 }), 400_000)).toBe(600);
    expect(secondsLeft('opaque')).toBeUndefined();
    expect(secondsLeft('a.!!.c')).toBeUndefined();
  });
});
