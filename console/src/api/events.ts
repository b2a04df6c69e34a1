// The streams that tell when something has changed: the catalog, or what a plugin shows. They are read by fetch and not by
// EventSource, which cannot carry a token.
import { authorizedFetch } from './client';
import type { components } from './understudy.gen';

type Event = components['schemas']['Event'];

/** live: changes arrive; waiting: the stream is being opened again; off: nobody listens. */
export type LiveState = 'live' | 'waiting' | 'off';

/** A connection on which nothing has come for so long is dead: heartbeats come every 20 seconds. */
const silence = 50_000;

/** The objects of a body that holds one JSON object a line. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim()) yield JSON.parse(line);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** How long to wait before the next try: doubling up to half a minute, spread so that pages do not return all at once. */
export function backoff(failures: number, random = Math.random): number {
  return Math.min(30_000, 1000 * 2 ** failures) * (0.5 + random() / 2);
}

/**
 * Listens to a stream until the signal aborts, opening it again whenever it ends. onEvent is told of everything that comes;
 * the first event comes at once.
 */
export async function follow<E extends { type: string }>(
  signal: AbortSignal,
  path: string,
  handlers: { onEvent: (event: E) => void; onState?: (state: LiveState) => void },
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const event of connect<E>(signal, path)) {
        handlers.onState?.('live');
        failures = 0;
        if (event.type === 'end') break;
        handlers.onEvent(event);
      }
    } catch {
      failures++; // whatever went wrong, the remedy is to try again
    }
    if (signal.aborted) break;
    handlers.onState?.('waiting');
    await pause(backoff(failures), signal);
  }
  handlers.onState?.('off');
}

/**
 * Listens to the catalog's changes. onPosition is told of every position other than the last known one, so that what
 * happened while nobody listened is seen too.
 */
export async function listen(
  signal: AbortSignal,
  handlers: { onPosition: (position: number) => void; onState: (state: LiveState) => void },
): Promise<void> {
  let known: number | undefined;
  const onEvent = (event: Event) => {
    if (event.type !== 'position' || event.position === undefined) return;
    if (known !== undefined && event.position !== known) handlers.onPosition(event.position);
    known = event.position;
  };
  await follow<Event>(signal, '/api/understudy/v1/events', { onEvent, onState: handlers.onState });
}

async function* connect<E>(signal: AbortSignal, path: string): AsyncGenerator<E> {
  const dead = new AbortController();
  let timer = setTimeout(() => dead.abort(), silence);
  try {
    const request = new Request(`${window.location.origin}${path}`, { signal: AbortSignal.any([signal, dead.signal]) });
    const response = await authorizedFetch(request);
    if (!response.ok || !response.body) throw new Error(`events: ${response.status}`);
    for await (const event of readLines(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(() => dead.abort(), silence);
      yield event as E;
    }
  } finally {
    clearTimeout(timer);
    dead.abort();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
