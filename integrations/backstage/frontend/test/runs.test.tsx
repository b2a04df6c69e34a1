import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import type { RunDetail } from '../src/api/SpaceliftApi';
import { SpaceliftPage } from '../src/spacelift/SpaceliftPage';
import { fakeBackend, type Handler, page, show, stack, status } from './fakes';

const api = '/api/spacelift-io';
const place = '/stacks/prod-network/runs/run-1';

const run = (over: Partial<RunDetail> = {}): RunDetail => ({
  id: 'run-1', stackId: 'prod-network', stackName: 'Network', title: 'Release', state: 'UNCONFIRMED', group: 'attention', finished: false, url: '',
  allowedActions: ['confirm'], history: [], comments: [], logsAllowed: false, ...over,
});

const backend = (over: Handler = () => undefined, detail = run()) =>
  fakeBackend((request) => {
    const known = over(request);
    if (known) return known;
    if (request.path === `${api}/v1/status`) return { body: status() };
    if (request.path === `${api}/v1/stacks`) return { body: page([stack()]) };
    if (request.path === `${api}/v1${place}`) return { body: detail };
    return undefined;
  });

const lost = { status: 503, body: { error: { name: 'ServiceUnavailableError', message: 'Understudy cannot be reached: ECONNRESET' } } };
const postFails: Handler = ({ method }) => (method === 'POST' ? lost : undefined);

test('an action whose answer was lost is not offered again in its dialog', async () => {
  const fake = backend(postFails);
  show(<SpaceliftPage />, fake, place);
  await userEvent.click(await screen.findByRole('button', { name: 'Confirm' }));
  const dialog = within(await screen.findByRole('dialog'));
  await userEvent.click(dialog.getByRole('button', { name: 'Confirm' }));
  await dialog.findByText('It is not known whether that has happened');
  expect(dialog.queryByRole('button', { name: 'Confirm' })).toBeNull();
  expect(dialog.getByRole('button', { name: 'Close' })).toBeTruthy();
  expect(fake.asked.filter((a) => a.method === 'POST')).toHaveLength(1);
});

test('an action that was refused is offered again', async () => {
  show(<SpaceliftPage />, backend(({ method }) => (method === 'POST' ? { status: 503, body: { error: 'ask again', code: 'SPACELIFT_RATE_LIMITED' } } : undefined)), place);
  await userEvent.click(await screen.findByRole('button', { name: 'Confirm' }));
  const dialog = within(await screen.findByRole('dialog'));
  await userEvent.click(dialog.getByRole('button', { name: 'Confirm' }));
  await dialog.findByText(/ask again/);
  expect(dialog.getByRole('button', { name: 'Confirm' })).toBeTruthy();
});

test('a trigger whose answer was lost on the way is not offered again', async () => {
  const fake = backend(postFails);
  show(<SpaceliftPage />, fake);
  await userEvent.click(await screen.findByRole('button', { name: 'Trigger Network' }));
  const dialog = within(await screen.findByRole('dialog'));
  await userEvent.click(dialog.getByRole('button', { name: 'Trigger the run' }));
  await dialog.findByText('It is not known whether a run was started');
  expect(dialog.queryByRole('button', { name: 'Trigger the run' })).toBeNull();
  expect(fake.asked.filter((a) => a.method === 'POST')).toHaveLength(1);
});

const forbidden: Handler = ({ path }) => (path.endsWith('/v1/status') ? { status: 403, body: { error: 'no', code: 'NOT_ALLOWED' } } : undefined);

test('what the run lets be done is offered, whatever the status of the backend says', async () => {
  show(<SpaceliftPage />, backend(forbidden), place);
  expect(await screen.findByRole('button', { name: 'Confirm' })).toBeTruthy();
});

test('why nothing can be done is told', async () => {
  const readOnly: Handler = ({ path }) => (path.endsWith('/v1/status') ? { body: status({ readOnly: true, canWrite: false }) } : undefined);
  show(<SpaceliftPage />, backend(readOnly, run({ allowedActions: [], actionsReason: 'This portal may only read.' })), place);
  await screen.findByText('This portal may only read.');
  expect(screen.queryByRole('button', { name: 'Confirm' })).toBeNull();
});

test('a stack that can be triggered has its button where the status is not told', async () => {
  show(<SpaceliftPage />, backend((request) => forbidden(request) ?? (request.path === `${api}/v1/stacks/prod-network`
    ? { body: { ...stack(), syncedAt: '2026-01-01T00:00:00Z', stale: false, entities: [] } }
    : undefined)), '/stacks/prod-network');
  expect((await screen.findByRole('button', { name: 'Trigger' })).hasAttribute('disabled')).toBe(false);
});

test('a run that cannot be read is asked for less often', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const failing: Handler = ({ path }) => (path === `${api}/v1${place}` ? { status: 502, body: { error: 'no answer', code: 'SPACELIFT_UNAVAILABLE' } } : undefined);
    const fake = backend(failing);
    show(<SpaceliftPage />, fake, place);
    await screen.findByText(/no answer/);
    const asked = () => fake.asked.filter((a) => a.path === `${api}/v1${place}`).length;
    const before = asked();
    await act(() => vi.advanceTimersByTimeAsync(60_000));
    expect(asked() - before).toBeGreaterThan(3);
    expect(asked() - before).toBeLessThan(9);
  } finally {
    vi.useRealTimers();
  }
});
