// Who is signed in. The token lives in this module's memory and nowhere else: what storage keeps is only by which provider
// somebody has signed in in this tab, so that a reload does not ask again.
import { addresses, hostOf } from './addresses';
import { type ApiError, errorOf, SignInError, UnreachableError } from './errors';
import { askInWindow, type PopupOptions, startOf } from './popup';
import { Failures } from './reach';

/** A way in. With an environment it has a window of its own, without one it is only asked for a token. */
export interface Provider {
  id: string;
  env?: string;
}

export type Session =
  | { state: 'out'; reason?: 'expired' }
  | { state: 'busy' }
  | {
      state: 'in';
      /** Empty when the token does not tell. */
      userRef: string;
      way: 'provider' | 'token';
      /** The host that signed the user in, when it is another backend's. */
      by?: string;
      /** When a token ends that nothing renews, in milliseconds. */
      ends?: number;
    };

interface TokenBody {
  backstageIdentity?: { token: string; expiresInSeconds?: number; identity: { userEntityRef: string } };
}

const flag = 'understudy-signed-in';
/** Asked because everybody who is signed in may: it tells whether this server takes a token. */
const probePath = '/api/understudy/v1/plugins';
/** The longest time a browser's timer knows. */
const longest = 2 ** 31 - 1;

/** How long before its end a token is renewed: five minutes, as Backstage's frontend does, but never most of a short life. */
export function renewAfter(lifetimeSeconds: number): number {
  return Math.max(lifetimeSeconds - 300, lifetimeSeconds * 0.5) * 1000;
}

/** What a token says of itself. It is not verified: that is for the servers. */
export function claimsOf(token: string): { sub?: unknown; exp?: unknown } {
  try {
    const part = token.split('.')[1] ?? '';
    const claims: unknown = JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

/** The seconds that a token has left, by its own exp; undefined when it tells none. */
export function secondsLeft(token: string, now = Date.now()): number | undefined {
  const { exp } = claimsOf(token);
  // Beyond what a date can hold is no time.
  return typeof exp === 'number' && Math.abs(exp) < 1e11 ? exp - now / 1000 : undefined;
}

/** The user of a token; empty when it is no user's. */
export function userOf(token: string): string {
  const { sub } = claimsOf(token);
  return typeof sub === 'string' && /^user:[^/]+\/[^/]+$/i.test(sub) ? sub : '';
}

export class SessionStore {
  #session: Session = { state: 'out' };
  #provider: Provider | undefined;
  #token = '';
  #expires = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #refreshing: Promise<void> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #fetch: typeof fetch;
  readonly #open: PopupOptions['open'];
  readonly #failures: Failures;
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;

  constructor(options: { fetch?: typeof fetch; storage?: Storage; open?: PopupOptions['open'] } = {}) {
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
    this.#failures = new Failures(this.#fetch);
    this.#storage = options.storage;
    this.#open = options.open;
  }

  readonly get = (): Session => this.#session;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The provider by which this tab had signed in before it was reloaded. */
  remembered(): string | null {
    try {
      return this.#storage?.getItem(flag) ?? null;
    } catch {
      return null;
    }
  }

  /** Signs in by a provider. A window opens before this returns, where the provider has one. */
  signIn(provider: Provider): Promise<void> {
    const answer = provider.env === undefined ? undefined : askInWindow(startOf(addresses.base('auth'), provider.id, provider.env, addresses.origin), { origin: addresses.origin, open: this.#open });
    return this.#begin(provider, async () => (answer ? ((await answer) as TokenBody) : this.#askForToken(provider)));
  }

  /** Signs in again after a reload: without a window, by what the provider's cookie still is good for. */
  restore(provider: Provider): Promise<void> {
    return this.#begin(provider, () => this.#askForToken(provider));
  }

  /** Signs in with a token that somebody was given; it is asked of the server, and never renewed. */
  async signInWithToken(token: string): Promise<void> {
    const left = secondsLeft(token);
    if (left !== undefined && left <= 0) throw new SignInError('The token has ended', `Its time was over ${relative(-left)} ago. Take a fresh one.`);
    await this.#offer(token);
    this.#token = token;
    this.#provider = undefined;
    this.#expires = left === undefined ? Infinity : Date.now() + left * 1000;
    clearTimeout(this.#timer);
    if (left !== undefined && left * 1000 < longest) this.#timer = setTimeout(() => this.signOut('expired'), left * 1000);
    this.#set({ state: 'in', userRef: userOf(token), way: 'token', ...(left !== undefined && { ends: this.#expires }) });
  }

  signOut(reason?: 'expired'): void {
    clearTimeout(this.#timer);
    this.#token = '';
    this.#expires = Infinity;
    this.#provider = undefined;
    this.#remember(undefined);
    this.#set(reason ? { state: 'out', reason } : { state: 'out' });
  }

  /** The token to send; renewed first when it is about to end. Empty when nobody is signed in. */
  async token(): Promise<string> {
    if (this.#session.state !== 'in') return '';
    if (Date.now() > this.#expires - 10_000) await this.renew();
    return this.#token;
  }

  /** Renews a provider's token; a token that cannot be renewed ends the session. */
  async renew(): Promise<void> {
    if (this.#session.state !== 'in') return;
    const provider = this.#provider;
    if (!provider) {
      this.signOut('expired');
      return;
    }
    try {
      this.#refreshing ??= this.#askForToken(provider).then((body) => this.#take(provider, body)).finally(() => {
        this.#refreshing = undefined;
      });
      await this.#refreshing;
    } catch (error) {
      // An unreachable server is no reason to lose one's place: the next request tries again.
      if (!(error instanceof UnreachableError)) this.signOut('expired');
    }
  }

  async #begin(provider: Provider, ask: () => Promise<TokenBody>): Promise<void> {
    this.#set({ state: 'busy' });
    try {
      const body = await ask();
      // Whether this server knows the keys of the other backend shows now, and not on the first page.
      if (addresses.elsewhere('auth') && body.backstageIdentity) await this.#offer(body.backstageIdentity.token);
      this.#take(provider, body);
      this.#remember(provider.id);
    } catch (error) {
      this.#set({ state: 'out' });
      throw error;
    }
  }

  async #askForToken(provider: Provider): Promise<TokenBody> {
    const query = provider.env === undefined ? '' : `?${new URLSearchParams({ optional: '', scope: '', env: provider.env })}`;
    const response = await this.#send(`${addresses.base('auth')}/${encodeURIComponent(provider.id)}/refresh${query}`, {
      headers: { 'X-Requested-With': 'XMLHttpRequest' },
      credentials: 'include',
    });
    const body: unknown = await response.json().catch(() => undefined);
    if (!response.ok) throw refusal(provider, errorOf(response, body));
    return body as TokenBody;
  }

  #take(provider: Provider, body: TokenBody): void {
    const identity = body?.backstageIdentity;
    if (!identity?.token) {
      throw new SignInError('The answer has no token', `The provider ${provider.id} knows the account, but no user of the catalog for it: its sign-in resolver is not set up.`);
    }
    const lifetime = identity.expiresInSeconds ?? secondsLeft(identity.token) ?? 3600;
    this.#token = identity.token;
    this.#provider = provider;
    this.#expires = Date.now() + lifetime * 1000;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.renew(), Math.min(renewAfter(lifetime), longest));
    const by = addresses.elsewhere('auth');
    this.#set({ state: 'in', userRef: identity.identity.userEntityRef, way: 'provider', ...(by && { by: hostOf(by) }) });
  }

  /** Shows a token to this server. An error says why it is not taken. */
  async #offer(token: string): Promise<void> {
    const response = await this.#send(probePath, { headers: { Authorization: `Bearer ${token}` } });
    if (response.ok) return;
    const error = errorOf(response, await response.json().catch(() => undefined));
    if (error.status !== 401 && error.status !== 403) throw error;
    const by = addresses.elsewhere('auth');
    const hint = by ? ` It verifies tokens of users with the keys at ${by}.` : '';
    throw new SignInError('This server does not take the token', `${error.message.replace(/\.?$/, '.')}${hint}`);
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.#fetch(url, init);
    } catch (error) {
      const peer = addresses.peerOf(url);
      throw peer ? await this.#failures.explain(peer, init.credentials === 'include', error) : new UnreachableError(error);
    }
  }

  #set(session: Session): void {
    this.#session = session;
    for (const listener of this.#listeners) listener();
  }

  #remember(provider: string | undefined): void {
    try {
      if (provider) this.#storage?.setItem(flag, provider);
      else this.#storage?.removeItem(flag);
    } catch {
      // Storage is turned off: a reload asks again.
    }
  }
}

/** What to say of a refusal by another backend; that of this server speaks for itself. */
function refusal(provider: Provider, error: ApiError): Error {
  if (!error.where) return error;
  const words = `${hostOf(error.where)} says: ${error.message.replace(/\.?$/, '.')}`;
  if (error.status === 404) {
    return new SignInError(
      `Backstage has no provider ${provider.id}`,
      `${words} Name the providers that it has in the configuration of Understudy, as Backstage's has them; their ids and environments will do.`,
      'auth:\n  environment: production\n  providers:\n    github: {production: {}}',
    );
  }
  return new SignInError(`Backstage refuses to sign you in by ${provider.id}`, words);
}

function relative(seconds: number): string {
  const [n, unit] = seconds < 90 ? [Math.round(seconds), 'second'] : seconds < 5400 ? [Math.round(seconds / 60), 'minute'] : [Math.round(seconds / 3600), 'hour'];
  return `${n} ${unit}${n === 1 ? '' : 's'}`;
}

function tabStorage(): Storage | undefined {
  try {
    return window.sessionStorage;
  } catch {
    return undefined;
  }
}

export const session = new SessionStore({ storage: tabStorage() });
