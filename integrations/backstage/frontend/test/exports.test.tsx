import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { filterLines } from '../src/exports/Destination';
import { ExportPage } from '../src/exports/ExportPage';
import { progressOf } from '../src/exports/words';
import { fakeBackend, type Handler, show } from './fakes';

const counts = {
  read: 10, filtered: 0, skipped: 0, unmappable: 0, unchanged: 7, create: 2, update: 1, sent: 2, failed: 1, pending: 0, deleteCandidates: 0,
  chunks: 1, requests: 3, bytes: 100, wireBytes: 50,
};
const run = (over: object = {}) => ({
  id: 'r1', destination: 'rely', trigger: 'manual', status: 'partial', dryRun: false, full: false, counts, startedAt: '2026-01-01T00:00:00Z',
  endedAt: '2026-01-01T00:00:05Z', resumable: true, error: 'One entity was rejected', ...over,
});
const status = (over: object = {}) => ({
  destination: 'rely', target: 'https://magneto.rely.io', token: { state: 'accepted' }, runs: 1, last: run(),
  schedule: { enabled: true, cron: '0 * * * *', timezone: 'UTC', next: '2099-01-01T00:00:00Z' }, filters: [{ kind: ['API', 'Component'] }], ...over,
});

const rely = (base: string, over: Handler = () => undefined): Handler => (request) => {
  const known = over(request);
  if (known) return known;
  const { path, query } = request;
  if (path === `${base}/status`) return { body: status() };
  if (path === `${base}/runs`) return { body: { items: [run()] } };
  if (path === `${base}/runs/r1/items`) {
    return { body: { items: query.get('status') === 'failed' ? [{ entityRef: 'component:default/bad', status: 'failed', code: 'rejected', httpStatus: 422, message: 'id is too long', attempts: 2 }] : [] } };
  }
  return undefined;
};

test('status, filters, history and failures are shown', async () => {
  show(<ExportPage />, fakeBackend(rely('/api/rely')));
  await screen.findByText('Last run');
  await screen.findByText('id is too long');
  expect(screen.getByText('rejected, HTTP 422')).toBeTruthy();
  expect(screen.getByText('kind: API, Component')).toBeTruthy();
  expect(screen.getAllByText('Incomplete').length).toBeGreaterThan(1);
  for (const name of ['Resume', 'Retry what failed', 'Dry run', 'Run now']) expect(screen.getByRole('button', { name })).toBeTruthy();
  expect(document.body.textContent).not.toMatch(/\[object|undefined/);
});

test('where the plugin is only at its other name, that is asked', async () => {
  const backend = fakeBackend(rely('/api/rely-migration-plugin'));
  show(<ExportPage />, backend);
  await screen.findByText('Last run');
  await screen.findByText('id is too long');
  expect(backend.asked.filter(({ path }) => path.startsWith('/api/rely/')).length).toBeLessThan(4);
});

test('a dry run is started at once, a real one after a question, and refusals are in words', async () => {
  const asked: string[] = [];
  const backend = fakeBackend(rely('/api/rely', ({ path, method, query }) => {
    if (method !== 'POST') return undefined;
    asked.push(`${path}?${query}`);
    return { status: 403, body: { error: { name: 'NotAllowedError', message: 'not for guests' } } };
  }));
  show(<ExportPage />, backend);
  await userEvent.click(await screen.findByRole('button', { name: 'Dry run' }));
  await screen.findByText('not for guests.');
  await userEvent.click(screen.getByRole('button', { name: 'Close' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Run now' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(asked).toEqual(['/api/rely/migrate?dryRun=true']);
  await userEvent.click(dialog.getByLabelText('Send what has not changed as well'));
  await userEvent.click(dialog.getByRole('button', { name: 'Run now' }));
  await dialog.findByText('not for guests.');
  expect(asked.at(-1)).toBe('/api/rely/migrate?full=true');
});

test('with no backend the page says what to configure', async () => {
  show(<ExportPage />, fakeBackend(() => undefined));
  await screen.findByText('No export answers');
});

test('progress is of what is sent, and not known before', () => {
  expect(progressOf(counts, 'plan')).toBeUndefined();
  expect(progressOf(counts, 'write')).toBe(1);
  expect(progressOf({ ...counts, sent: 1, failed: 0 }, 'write')).toBeCloseTo(1 / 3);
  expect(progressOf({ ...counts, create: 0, update: 0 }, 'write')).toBeUndefined();
});

test('filters are lines, whatever their form', () => {
  expect(filterLines([{ kind: 'API', 'metadata.name': { $exists: true } }, 7])).toEqual(['kind: API\nand metadata.name: {"$exists":true}', '7']);
  expect(filterLines({ kind: ['A', 'B'] })).toEqual(['kind: A, B']);
});
