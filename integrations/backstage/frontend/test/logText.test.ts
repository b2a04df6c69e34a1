import { expect, test } from 'vitest';
import type { RunLogPage, SpaceliftApi } from '../src/api/SpaceliftApi';
import { LogText } from '../src/spacelift/logText';
import { PageReader } from '../src/spacelift/pageReader';

const plain = (text: string) => text.replace(/\u001b\[\d*m/g, '');

test('a log is one text, each phase once below its name, also after connecting again', () => {
  const log = new LogText();
  log.add({ type: 'phase', state: 'QUEUED', stateVersion: 0, hasLogs: false });
  log.add({ type: 'phase', state: 'PLANNING', stateVersion: 1, hasLogs: true, token: 't1' });
  log.add({ type: 'log', state: 'PLANNING', stateVersion: 1, messages: [{ message: 'one\n' }, { message: 'two' }], token: 't2' });
  log.add({ type: 'heartbeat' });
  log.add({ type: 'phase', state: 'PLANNING', stateVersion: 1, hasLogs: true });
  log.add({ type: 'trouble', error: 'Spacelift does not answer' });
  expect(log.trouble).toBe('Spacelift does not answer');
  log.add({ type: 'log', state: 'PLANNING', stateVersion: 1, messages: [{ message: 'three' }] });
  expect(log.trouble).toBeUndefined();
  expect(log.token).toBe('t2');
  expect(log.done).toBe(false);
  log.add({ type: 'done', state: 'FINISHED' });
  expect(log.done).toBe(true);
  expect(plain(log.text)).toBe('── Planning ──\none\ntwo\nthree\n');
});

test('without streams, pages are read, and reading goes on where it was', async () => {
  const message = (text: string): RunLogPage['messages'] => [{ message: text }];
  const pages: Record<string, RunLogPage> = {
    'PREPARING/': { exists: true, messages: message('a'), finished: true, hasMore: false, expired: false },
    'PLANNING/': { exists: true, messages: message('b'), nextToken: '1', finished: false, hasMore: true, expired: false },
    'PLANNING/1': { exists: true, messages: message('c'), nextToken: '2', finished: false, hasMore: false, expired: false },
    'PLANNING/2': { exists: true, messages: message('d'), finished: true, hasMore: false, expired: false },
  };
  const asked: string[] = [];
  const api = {
    logPage: async (_stack: string, _run: string, { state, token = '' }: { state: string; token?: string }) => {
      asked.push(`${state}/${token}`);
      return pages[`${state}/${token}`];
    },
  } as unknown as SpaceliftApi;
  const step = (state: string, stateVersion: number, hasLogs = true) => ({ state, stateVersion, hasLogs, group: 'progress' as const, terminal: false });
  const run = { id: 'r', stackId: 's', finished: false, history: [step('QUEUED', 0, false), step('PREPARING', 1), step('PLANNING', 2)] };
  const log = new LogText();
  const reader = new PageReader();
  const { signal } = new AbortController();
  await reader.read(api, run, log, signal);
  expect(log.done).toBe(false);
  await reader.read(api, { ...run, finished: true }, log, signal);
  expect(plain(log.text)).toBe('── Preparing ──\na\n── Planning ──\nb\nc\nd\n');
  expect(log.done).toBe(true);
  expect(asked).toEqual(['PREPARING/', 'PLANNING/', 'PLANNING/1', 'PLANNING/2']);
});

const line = (message: string) => ({ type: 'log' as const, state: 'APPLYING', stateVersion: 1, messages: [{ message }] });

test('of a log that is too long the end stays, and what is left out is told', () => {
  const log = new LogText();
  for (let i = 0; i < 60_000; i++) log.add(line(`${'x'.repeat(100)}\n`));
  log.add(line('Error: the reason\n'));
  log.add({ type: 'done' });
  expect(log.text.length).toBeLessThan(5_001_000);
  expect(log.text.length).toBeGreaterThan(4_000_000);
  expect(plain(log.text)).toMatch(/^The beginning of the log is left out here.*\nx{100}\n/);
  expect(log.text.endsWith('Error: the reason\n')).toBe(true);
  expect([log.done, log.partial]).toEqual([true, true]);
});

test('one line that is too long by itself is cut inside', () => {
  const log = new LogText();
  log.add(line(`${'x'.repeat(6_000_000)}end`));
  expect(log.text.length).toBeGreaterThan(4_000_000 - 1);
  expect(log.text.endsWith('end\n')).toBe(true);
});

test('what is left out before it comes makes a log partial, too', () => {
  const log = new LogText();
  log.add(line('a'));
  expect(log.partial).toBe(false);
  log.add({ type: 'skipped' });
  expect(log.partial).toBe(true);
});

test('the end of a stream leaves the trouble that it ended with', () => {
  const log = new LogText();
  log.add({ type: 'trouble', error: 'Spacelift forbids' });
  log.add({ type: 'end' });
  expect(log.trouble).toBe('Spacelift forbids');
});

const phase = (state: string, stateVersion: number) => ({ state, stateVersion, hasLogs: true, group: 'progress' as const, terminal: false });
const pagesOf = (answer: (asked: number) => Partial<RunLogPage>) => {
  let asked = 0;
  const logPage = async (): Promise<RunLogPage> => {
    if (++asked > 50) throw new Error('asked without end');
    return { exists: true, messages: [], finished: false, expired: false, hasMore: false, ...answer(asked) };
  };
  return { api: { logPage } as unknown as SpaceliftApi, asked: () => asked };
};

test.each([undefined, 'same'])('a page that names no next one is asked for once at a time, and its messages come once: %j', async (nextToken) => {
  const lines = ['one\n', 'two\n', 'three\n'];
  const { api, asked } = pagesOf((n) => ({ messages: lines.slice(0, n).map((message) => ({ message })), hasMore: true, nextToken }));
  const run = { id: 'r', stackId: 's', finished: false, history: [phase('PLANNING', 1)] };
  const [log, reader] = [new LogText(), new PageReader()];
  const { signal } = new AbortController();
  await reader.read(api, run, log, signal);
  const first = asked();
  expect(first).toBeLessThanOrEqual(2); // a token that is new is followed once
  await reader.read(api, run, log, signal);
  expect(asked()).toBe(first + 1);
  expect(plain(log.text).match(/one/g)).toHaveLength(nextToken ? 2 : 1);
});

test('the log of a run that has ended is done, though no page says that it is', async () => {
  const { api, asked } = pagesOf(() => ({}));
  const run = { id: 'r', stackId: 's', finished: true, history: [phase('PLANNING', 1)] };
  const [log, reader] = [new LogText(), new PageReader()];
  for (let i = 0; i < 10 && !log.done; i++) expect(await reader.read(api, run, log, new AbortController().signal)).toBe(false);
  expect(log.done).toBe(true);
  expect(asked()).toBe(3);
});

test('a phase without a log is over when the run is', async () => {
  const { api } = pagesOf(() => ({ exists: false }));
  const log = new LogText();
  await new PageReader().read(api, { id: 'r', stackId: 's', finished: true, history: [phase('PLANNING', 1)] }, log, new AbortController().signal);
  expect(log.done).toBe(true);
});

test('what a later phase says waits until the one before it is whole', async () => {
  const asked: string[] = [];
  const api = {
    logPage: async (_s: string, _r: string, { state }: { state: string }): Promise<RunLogPage> => {
      asked.push(state);
      return { exists: true, messages: [], finished: false, expired: false, hasMore: false };
    },
  } as unknown as SpaceliftApi;
  const run = { id: 'r', stackId: 's', finished: false, history: [phase('PLANNING', 1), phase('APPLYING', 2)] };
  const reader = new PageReader();
  for (let i = 0; i < 3; i++) await reader.read(api, run, new LogText(), new AbortController().signal);
  expect(asked).toEqual(['PLANNING', 'PLANNING', 'PLANNING', 'APPLYING']);
});
