// Where the plugins live that the pages call themselves. Most are behind this page's own origin; when Understudy is joined to
// a Backstage, its catalog and its sign-in are at that Backstage's address.
import type { components } from './understudy.gen';

export type Elsewhere = components['schemas']['Elsewhere'];
export type Peer = 'auth' | 'catalog';

export class Addresses {
  readonly origin: string;
  #elsewhere: Elsewhere = {};

  constructor(origin: string) {
    this.origin = origin;
  }

  /** Takes what the server said at start. */
  configure(elsewhere: Elsewhere | undefined): void {
    this.#elsewhere = elsewhere ?? {};
  }

  /** The base URL of a plugin, without a slash at its end. */
  base(plugin: Peer): string {
    return this.#elsewhere[plugin] ?? `${this.origin}/api/${plugin}`;
  }

  /** The base URL of a plugin that another backend serves; undefined when this one does. */
  elsewhere(plugin: Peer): string | undefined {
    return this.#elsewhere[plugin];
  }

  /** An address among the pages of Backstage's own frontend; undefined when there is none. */
  page(path: string): string | undefined {
    return this.#elsewhere.frontend === undefined ? undefined : this.#elsewhere.frontend + path;
  }

  /** The base URL, of those of other backends, that a URL is below. */
  peerOf(url: string): string | undefined {
    return [this.#elsewhere.auth, this.#elsewhere.catalog].find((base) => base !== undefined && isBelow(url, base));
  }

  /** Whether a request may carry the user's token: to this server's API, and to the bases that it named. Nowhere else. */
  mayCarryToken(url: string): boolean {
    return isBelow(url, `${this.origin}/api`) || this.peerOf(url) !== undefined;
  }
}

function isBelow(url: string, base: string): boolean {
  try {
    const [u, b] = [new URL(url), new URL(base)];
    return u.origin === b.origin && u.username === '' && u.pathname.startsWith(`${b.pathname.replace(/\/+$/, '')}/`);
  } catch {
    return false;
  }
}

/** The host of a URL, for people. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

export const addresses = new Addresses(window.location.origin);
