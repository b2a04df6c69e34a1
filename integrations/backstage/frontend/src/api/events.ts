// The stream that tells which stacks have changed: one JSON object a line. It is read by fetch and not by EventSource, which
// cannot carry a token.

/** live: changes arrive; waiting: the stream is being opened again; off: nobody listens, or there is no such stream. */
export type LiveState = 'live' | 'waiting' | 'off';

/** A connection on which nothing has come for so long is dead: heartbeats come every 20 seconds. */
const silence = 50_000;
/** A line longer than this is none of ours. */
const longest = 1_000_000;

/** The objects of a body that holds one JSON object a line. Lines that are none are left out. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longest) throw new Error('a line of the stream of events is too long');
      for (const line of lines) {
        const event = parsed(line);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parsed(line: string): unknown {
  try {
    return line.trim() ? JSON.parse(line) : undefined;
  } catch {
    return undefined;
  }
}

/** How long to wait before the next try: doubling up to half a minute, spread so that pages do not return all at once. */
export function backoff(failures: number, random = Math.random): number {
  return Math.min(30_000, 1000 * 2 ** failures) * (0.5 + random() / 2);
}

export interface Follow<E> {
  open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  onEvent: (event: E) => void;
  onState: (state: LiveState) => void;
  /** Whether an error means that there is nothing to listen to. */
  hopeless: (error: unknown) => boolean;
}

/** Listens until the signal aborts, opening the stream again whenever it ends. */
export async function follow<E extends { type: string }>(signal: AbortSignal, { open, onEvent, onState, hopeless }: Follow<E>): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      for await (const event of listen<E>(signal, open)) {
        onState('live');
        failures = 0;
        if (event.type === 'end') break;
        onEvent(event);
      }
    } catch (error) {
      if (signal.aborted || hopeless(error)) break;
      failures++;
    }
    if (signal.aborted) break;
    onState('waiting');
    await pause(backoff(failures), signal);
  }
  onState('off');
}

async function* listen<E>(signal: AbortSignal, open: Follow<E>['open']): AsyncGenerator<E> {
  const own = new AbortController();
  const end = () => own.abort();
  signal.addEventListener('abort', end);
  let timer = setTimeout(end, silence);
  try {
    for await (const event of readLines(await open(own.signal))) {
      clearTimeout(timer);
      timer = setTimeout(end, silence);
      yield event as E;
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    own.abort();
  }
}

/** Waits, less long if the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
