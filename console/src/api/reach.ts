// Why a call to another backend came to nothing. A browser tells a page neither whether the server is down nor what it did
// not allow, so that it has to be found out by asking for something harmless in simpler ways.
import { addresses } from './addresses';
import { BlockedError, type Obstacle, UnreachableError } from './errors';

type Fetch = typeof fetch;

/** The keys of a plugin's own tokens: every plugin publishes them, and they are nobody's secret. */
const harmless = '/.backstage/auth/v1/jwks.json';

/** How long a failure is taken for granted, so that a page full of queries does not run into it one by one. */
const memory = 10_000;

/** What stands between this page and a plugin of another backend; undefined when nothing seems to. */
export async function obstacleOf(base: string, credentials: boolean, ask: Fetch = (...args) => fetch(...args)): Promise<Obstacle | 'unreachable' | undefined> {
  const answers = (init: RequestInit) => ask(base + harmless, { cache: 'no-store', ...init }).then(() => true, () => false);
  if (await answers({ credentials: credentials ? 'include' : 'omit' })) return undefined;
  if (credentials && (await answers({ credentials: 'omit' }))) return 'credentials';
  return (await answers({ mode: 'no-cors', credentials: 'omit' })) ? 'origin' : 'unreachable';
}

/** Finds words for failed calls, and remembers them for a moment. */
export class Failures {
  readonly #ask: Fetch;
  readonly #recent = new Map<string, { error: Error; until: number }>();

  constructor(ask: Fetch = (...args) => fetch(...args)) {
    this.#ask = ask;
  }

  /** The error of a call to the same base a moment ago. */
  recent(base: string): Error | undefined {
    const known = this.#recent.get(base);
    return known && known.until > Date.now() ? known.error : undefined;
  }

  /** The error that stands for a call that came to nothing. */
  async explain(base: string, credentials: boolean, cause: unknown): Promise<Error> {
    // If a simple call passes, it was what comes with the real one that is not allowed.
    const obstacle = (await obstacleOf(base, credentials, this.#ask)) ?? 'headers';
    const error = obstacle === 'unreachable' ? new UnreachableError(cause, base) : new BlockedError(base, obstacle, addresses.origin);
    this.#recent.set(base, { error, until: Date.now() + memory });
    return error;
  }
}
