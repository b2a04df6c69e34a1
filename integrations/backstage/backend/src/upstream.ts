import type { LoggerService } from '@backstage/backend-plugin-api';
import { ServiceUnavailableError } from '@backstage/errors';
import { setTimeout as sleep } from 'node:timers/promises';
import { askVersion, judge } from './version';

const PATIENCE = 5_000; // how long a request waits for a start, as Backstage's own plugins let it
const LOOK = 5_000; // how often the version at an address is looked at: another one may have taken its place since
const LOOK_AGAIN = 1_000; // the same while nothing answers

/** Where Understudy is at the moment. */
export class Upstream {
  readonly #stopping = new AbortController();
  #base: URL | undefined;
  #why = 'Understudy has not started yet';
  #starting: Promise<void>;
  #started!: () => void;

  constructor() {
    this.#starting = new Promise(resolve => (this.#started = resolve));
  }

  /** Says that the backend is about to end. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Where requests go. It waits while Understudy starts, and throws what callers are told while it is down. */
  async address(): Promise<URL> {
    if (!this.#base && !this.stopping.aborted) {
      const waited = new AbortController();
      await Promise.race([this.#starting, sleep(PATIENCE, undefined, { ref: false, signal: waited.signal }).catch(() => {})]);
      waited.abort();
    }
    if (!this.#base) throw new ServiceUnavailableError(this.#why);
    return this.#base;
  }

  /** Requests go there from now on. */
  up(base: URL) {
    this.#base = base;
    this.#started();
  }

  /** Requests are refused from now on; those that are on their way may end. */
  down(why: string) {
    this.#base = undefined;
    this.#why = why;
    this.#started();
  }

  /** Requests wait from now on. */
  starting() {
    this.#base = undefined;
    this.#starting = new Promise(resolve => (this.#started = resolve));
  }

  /** Lets no request in any more. */
  stop() {
    this.down('Service is shutting down');
    this.#stopping.abort();
  }
}

/**
 * Follows an Understudy that somebody else runs: lets requests in once its version is known, refuses one whose version does not
 * fit, and tells when it has changed.
 */
export async function follow(upstream: Upstream, base: URL, logger: LoggerService): Promise<void> {
  let known: string | null | undefined;
  let reached = true;
  while (!upstream.stopping.aborted) {
    let pause = LOOK;
    try {
      const version = await askVersion(base, upstream.stopping);
      if (version !== known) {
        known = version;
        const why = judge(version, logger);
        if (why) {
          logger.error(why);
          upstream.down(why);
        } else {
          upstream.up(base);
        }
      }
      reached = true;
    } catch (error) {
      if (upstream.stopping.aborted) return;
      pause = LOOK_AGAIN;
      // One that is only slow is still the one that was known; what answers next where nothing answers may be another.
      if (known === undefined || !isSlow(error)) {
        known = undefined;
        upstream.down(`Understudy cannot be reached: ${reason(error)}`);
      }
      if (reached) {
        logger.warn(`nothing answers at understudyBridge.url (${base.origin}); until it does, its routes answer 503`, { error: `${error}` });
      }
      reached = false;
    }
    await sleep(pause, undefined, { ref: false, signal: upstream.stopping }).catch(() => {});
  }
}

function isSlow(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

/** What fetch hides behind "fetch failed". */
function reason(error: unknown): string {
  const { cause, message } = error as Error & { cause?: NodeJS.ErrnoException };
  return cause?.code ?? cause?.message ?? message;
}
