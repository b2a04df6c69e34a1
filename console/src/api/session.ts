// Who is signed in. The token lives in this module's memory and nowhere else: what storage keeps is only that somebody
// has signed in as a guest in this tab, so that a reload does not ask again.
import { errorOf, UnreachableError } from './errors';

export type Session =
  | { state: 'out'; reason?: 'expired' }
  | { state: 'busy' }
  | { state: 'in'; userRef: string; way: 'guest' | 'token' };

interface RefreshBody {
  backstageIdentity: { token: string; expiresInSeconds?: number; identity: { userEntityRef: string } };
}

const flag = 'understudy-signed-in';
const refreshPath = '/api/auth/guest/refresh';

/** How long before its end a token is renewed: five minutes, as Backstage's frontend does, but never most of a short life. */
export function renewAfter(lifetimeSeconds: number): number {
  return Math.max(lifetimeSeconds - 300, lifetimeSeconds * 0.5) * 1000;
}

/** The seconds that a token has left, by its own exp; undefined when it tells none. */
export function secondsLeft(token: string, now = Date.now()): number | undefined {
  try {
    const part = token.split('.')[1] ?? '';
    const claims: unknown = JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));
    const exp = (claims as { exp?: unknown }).exp;
    return typeof exp === 'number' ? exp - now / 1000 : undefined;
  } catch {
    return undefined;
  }
}

export class SessionStore {
  #session: Session = { state: 'out' };
  #token = '';
  #expires = Infinity;
  #renewal: ReturnType<typeof setTimeout> | undefined;
  #refreshing: Promise<void> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #fetch: typeof fetch;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;

  constructor(options: { fetch?: typeof fetch; storage?: Storage } = {}) {
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
    this.#storage = options.storage;
  }

  readonly get = (): Session => this.#session;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Whether this tab had signed in as a guest before it was reloaded. */
  wasGuest(): boolean {
    return this.#remembered() === 'guest';
  }

  async signInAsGuest(): Promise<void> {
    this.#set({ state: 'busy' });
    try {
      await this.#refresh();
      this.#remember('guest');
    } catch (error) {
      this.#set({ state: 'out' });
      throw error;
    }
  }

  /** Signs in with a token that somebody was given; it is asked of the server, and never renewed. */
  async signInWithToken(token: string): Promise<void> {
    const response = await this.#send('/api/understudy/v1/plugins', { headers: { Authorization: `Bearer ${token}` } });
    if (!response.ok) throw errorOf(response, await response.json().catch(() => undefined));
    const left = secondsLeft(token);
    this.#token = token;
    this.#expires = left === undefined ? Infinity : Date.now() + left * 1000;
    this.#set({ state: 'in', userRef: '', way: 'token' });
  }

  signOut(reason?: 'expired'): void {
    clearTimeout(this.#renewal);
    this.#token = '';
    this.#expires = Infinity;
    this.#remember(undefined);
    this.#set(reason ? { state: 'out', reason } : { state: 'out' });
  }

  /** The token to send; renewed first when it is about to end. Empty when nobody is signed in. */
  async token(): Promise<string> {
    if (this.#session.state !== 'in') return '';
    if (Date.now() > this.#expires - 10_000) await this.renew();
    return this.#token;
  }

  /** Renews a guest's token; a token that cannot be renewed ends the session. */
  async renew(): Promise<void> {
    if (this.#session.state !== 'in') return;
    if (this.#session.way !== 'guest') {
      this.signOut('expired');
      return;
    }
    try {
      await this.#refresh();
    } catch (error) {
      // An unreachable server is no reason to lose one's place: the next request tries again.
      if (!(error instanceof UnreachableError)) this.signOut('expired');
    }
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#askForToken().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #askForToken(): Promise<void> {
    const response = await this.#send(refreshPath, {
      headers: { 'X-Requested-With': 'XMLHttpRequest' },
      credentials: 'include',
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw errorOf(response, body);
    const identity = (body as RefreshBody).backstageIdentity;
    const lifetime = identity.expiresInSeconds ?? secondsLeft(identity.token) ?? 3600;
    this.#token = identity.token;
    this.#expires = Date.now() + lifetime * 1000;
    clearTimeout(this.#renewal);
    this.#renewal = setTimeout(() => void this.renew(), renewAfter(lifetime));
    this.#set({ state: 'in', userRef: identity.identity.userEntityRef, way: 'guest' });
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(path, init);
    } catch (error) {
      throw new UnreachableError(error);
    }
  }

  #set(session: Session): void {
    this.#session = session;
    for (const listener of this.#listeners) listener();
  }

  #remembered(): string | null {
    try {
      return this.#storage?.getItem(flag) ?? null;
    } catch {
      return null;
    }
  }

  #remember(way: string | undefined): void {
    try {
      if (way) this.#storage?.setItem(flag, way);
      else this.#storage?.removeItem(flag);
    } catch {
      // Storage is turned off: a reload asks again.
    }
  }
}

function tabStorage(): Storage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined;
  }
}

export const session = new SessionStore({ storage: tabStorage() });
