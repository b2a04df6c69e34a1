import { expect, test, vi } from 'vitest';
import { backoff, follow, readLines } from '../src/api/events';

const body = (...chunks: (string | Uint8Array)[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk);
      controller.close();
    },
  });

test('lines are put together from whatever pieces come, and what is no JSON is left out', async () => {
  const umlaut = new TextEncoder().encode('{"a":"ü"}\n');
  const read = [];
  for await (const event of readLines(body('{"type":"he', 'llo"}\n\n{"x"\n', umlaut.slice(0, 7), umlaut.slice(7), '{"cut'))) read.push(event);
  expect(read).toEqual([{ type: 'hello' }, { a: 'ü' }]);
});

test('a stream that ends is opened again, and one that is not there is not', async () => {
  vi.useFakeTimers();
  const states: string[] = [];
  const events: unknown[] = [];
  const bodies = [() => body('{"type":"hello"}\n{"type":"end"}\n{"type":"lost"}\n'), () => body('{"type":"stacks","ids":["a"]}\n'), () => { throw new Error('404'); }];
  const done = follow<{ type: string }>(new AbortController().signal, {
    open: async () => bodies.shift()!(),
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    hopeless: () => true,
  });
  await vi.advanceTimersByTimeAsync(60_000);
  await done;
  vi.useRealTimers();
  expect(events).toEqual([{ type: 'hello' }, { type: 'stacks', ids: ['a'] }]);
  expect(states.at(-1)).toBe('off');
  expect(states).toContain('live');
});

test('a stream on which nothing comes is given up, and opened again', async () => {
  vi.useFakeTimers();
  const end = new AbortController();
  let opened = 0;
  const done = follow(end.signal, {
    open: async (signal) => {
      opened++;
      return new ReadableStream<Uint8Array>({ start: (c) => signal.addEventListener('abort', () => c.error(new Error('aborted'))) });
    },
    onEvent: () => undefined,
    onState: () => undefined,
    hopeless: () => false,
  });
  await vi.advanceTimersByTimeAsync(55_000);
  expect(opened).toBe(2);
  end.abort();
  await vi.advanceTimersByTimeAsync(1);
  await done;
  vi.useRealTimers();
});

test('tries are spread out, and half a minute apart at most', () => {
  expect(backoff(0, () => 1)).toBe(1000);
  expect(backoff(0, () => 0)).toBe(500);
  expect(backoff(40, () => 1)).toBe(30_000);
});
