import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError, UnreachableError } from '../src/api/errors';
import type { RunLogPage, SpaceliftApi } from '../src/api/SpaceliftApi';
import { LogReader } from '../src/spacelift/logReader';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const plain = (text: string) => text.replace(/\u001b\[\d*m/g, '');
const run = {
  id: 'r', stackId: 's', finished: false,
  history: [{ state: 'PLANNING', stateVersion: 1, hasLogs: true, group: 'progress' as const, terminal: false }],
};
const log = (message: string, token: string) => ({ type: 'log', state: 'PLANNING', stateVersion: 1, messages: [{ message }], token });
const none: RunLogPage = { exists: true, messages: [], finished: false, expired: false, hasMore: false };

/** A stream of some events, which then ends, or breaks. */
const streamOf = (events: object[], broken = false) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const event of events) controller.enqueue(new TextEncoder().encode(`${JSON.stringify(event)}\n`));
      if (!broken) controller.close();
    },
    pull(controller) {
      if (broken) controller.error(new TypeError('network error'));
    },
  });

function follow(openLog: (n: number, token: string | undefined, signal: AbortSignal) => ReadableStream<Uint8Array>, logPage: (n: number) => RunLogPage = () => none) {
  const asked = { streams: [] as (string | undefined)[], pages: 0 };
  const api = {
    openLog: async (_s: string, _r: string, token: string | undefined, signal: AbortSignal) => openLog(asked.streams.push(token), token, signal),
    logPage: async () => logPage(++asked.pages),
  } as unknown as SpaceliftApi;
  const reader = new LogReader(api);
  const end = new AbortController();
  const texts: string[] = [];
  const over = reader.read(() => run, end.signal, () => texts.push(plain(reader.shown.text)));
  return { reader, asked, texts, stop: () => (end.abort(), over) };
}

test.each([
  ['the backend is down', () => new UnreachableError()],
  ['the network is', () => new TypeError('Failed to fetch')],
  ['a gateway has no backend', () => new ApiError(502, 'bad gateway')],
  ['the backend refuses for now', () => new ApiError(503, 'too many', { code: 'SPACELIFT_RATE_LIMITED' })],
])('trouble that passes leaves the text and the stream: %s', async (_, error) => {
  const one = follow((n) => {
    if (n === 1) return streamOf([log('one', 't1')]);
    if (n < 8) throw error();
    return streamOf([log('two', 't2')]);
  });
  await vi.advanceTimersByTimeAsync(5000);
  expect(one.reader.trouble).toBeTruthy();
  expect(plain(one.reader.shown.text)).toBe('── Planning ──\none\n');
  await vi.advanceTimersByTimeAsync(150_000);
  await one.stop();
  expect(one.asked.pages).toBe(0);
  expect(one.asked.streams.slice(0, 9)).toEqual([undefined, ...Array(7).fill('t1'), 't2']);
  expect(plain(one.reader.shown.text)).toMatch(/^── Planning ──\none\ntwo\n/);
  expect(one.texts.every((text) => text.includes('one'))).toBe(true);
});

test.each([
  ['break', () => streamOf([], true)],
  ['end', () => streamOf([])],
  ['are held back', () => {
    throw new ApiError(504, 'gateway timeout');
  }],
])('where streams %s with nothing in them, pages are read, and a stream is tried again later', async (_, silent) => {
  const one = follow((n) => (n < 5 ? silent() : streamOf([log('one', 't1'), log('two', 't2'), { type: 'done' }])), (n) => ({
    ...none, messages: n === 1 ? [{ message: 'one' }] : [], nextToken: 'p1',
  }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(one.asked.streams).toHaveLength(3);
  expect(plain(one.reader.shown.text)).toBe('── Planning ──\none\n');
  expect(one.reader.trouble).toBeUndefined();
  const pages = one.asked.pages;
  expect(pages).toBeLessThan(10); // nothing new comes: it asks less often
  await vi.advanceTimersByTimeAsync(300_000);
  expect(one.asked.streams).toHaveLength(4);
  await vi.advanceTimersByTimeAsync(330_000);
  await one.stop();
  expect(one.asked.streams).toHaveLength(5);
  expect(one.reader.done).toBe(true);
  expect(plain(one.reader.shown.text)).toBe('── Planning ──\none\ntwo\n');
});

test('what a stream has brought stays until pages have come as far', async () => {
  let pages = false;
  const one = follow((n) => (n === 1 ? streamOf([log('one', 't1')]) : streamOf([])), () => {
    if (!pages) throw new UnreachableError();
    return { ...none, messages: [{ message: 'one' }, { message: 'two' }] };
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(plain(one.reader.shown.text)).toBe('── Planning ──\none\n');
  pages = true;
  await vi.advanceTimersByTimeAsync(60_000);
  await one.stop();
  expect(plain(one.reader.shown.text)).toBe('── Planning ──\none\ntwo\n');
});

test('a stream on which not even a heartbeat comes is given up', async () => {
  const one = follow((_n, _token, signal) => new ReadableStream({
    start: (controller) => signal.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError'))),
  }));
  await vi.advanceTimersByTimeAsync(49_000);
  expect([one.asked.streams.length, one.asked.pages]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(130_000);
  await one.stop();
  expect(one.asked.streams).toHaveLength(3);
  expect(one.asked.pages).toBeGreaterThan(0);
});
