import { expect, test } from 'vitest';
import type { RunLogPage, SpaceliftApi } from '../src/api/SpaceliftApi';
import { LogText } from '../src/spacelift/logText';
import { PageReader } from '../src/spacelift/useRunLog';

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
