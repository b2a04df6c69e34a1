import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { EntitySpaceliftContent } from '../src/spacelift/EntitySpaceliftContent';
import { SpaceliftPage } from '../src/spacelift/SpaceliftPage';
import { fakeBackend, type Handler, page, show, stack, status } from './fakes';

const api = '/api/spacelift-io';

const v1 = (over: Handler = () => undefined): Handler => (request) => {
  const known = over(request);
  if (known) return known;
  if (request.path === `${api}/v1/status`) return { body: status() };
  if (request.path === `${api}/v1/stacks`) return { body: page([stack()]) };
  return undefined;
};

const official = (over: Handler = () => undefined): Handler => (request) => {
  const known = over(request);
  if (known) return known;
  if (request.path === `${api}/stacks`) {
    return { body: [
      { id: 'a', name: 'Alpha', branch: 'main', labels: [], state: 'FINISHED', spaceDetails: { id: 'root-1', name: 'Root' } },
      { id: 'b', name: 'Beta', branch: 'main', labels: [], state: 'APPLYING', spaceDetails: { id: 'root-1', name: 'Root' } },
    ] };
  }
  if (request.path === `${api}/stacks/a/trigger` && request.method === 'POST') return { body: { id: 'run-1', state: 'QUEUED' } };
  return undefined;
};

const noObject = () => expect(document.body.textContent).not.toMatch(/\[object|undefined/);

test('stacks of v1 have pages here, and a trigger that asks first and says why', async () => {
  const backend = fakeBackend(v1(({ path, method, body }) => {
    if (path === `${api}/v1/stacks/prod-network/runs` && method === 'POST') {
      return { status: 201, body: { id: 'k', stackId: 'prod-network', outcome: 'triggered', runId: 'run-7', state: 'QUEUED', requestedBy: 'user:default/guest', requestedAt: '2026-01-01T00:00:00Z', reason: (body as { reason: string }).reason } };
    }
    return undefined;
  }));
  show(<SpaceliftPage />, backend);
  expect((await screen.findByRole('link', { name: 'Network' })).getAttribute('href')).toBe('/stacks/prod-network');
  await userEvent.click(await screen.findByRole('button', { name: 'Trigger Network' }));
  const dialog = within(await screen.findByRole('dialog'));
  await userEvent.type(dialog.getByLabelText('Reason'), 'because');
  await userEvent.dblClick(dialog.getByRole('button', { name: 'Trigger the run' }));
  await dialog.findByText('Run run-7 was triggered');
  expect(dialog.getByRole('button', { name: 'Follow the run' }).getAttribute('href')).toBe('/stacks/prod-network/runs/run-7');
  const posts = backend.asked.filter((a) => a.method === 'POST');
  expect(posts.map((a) => a.body)).toEqual([{ reason: 'because' }]);
  expect(posts[0].headers.has('idempotency-key')).toBe(false); // no backend knows it: what protects is that nothing is sent twice
  noObject();
});

test('a conflict says who was faster', async () => {
  const backend = fakeBackend(v1(({ method }) => (method === 'POST'
    ? { status: 409, body: { error: 'A run of this stack is pending', code: 'CONFLICT', details: { requestedBy: 'user:default/jane', reason: 'release' } } }
    : undefined)));
  show(<SpaceliftPage />, backend);
  await userEvent.click(await screen.findByRole('button', { name: 'Trigger Network' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Trigger the run' }));
  await screen.findByText('A run is already pending');
  expect(screen.getByRole('dialog').textContent).toMatch(/jane.*“release”/);
  noObject();
});

test('an unknown outcome is said in words, and settled by the run that carries the request', async () => {
  let found = false;
  const backend = fakeBackend(v1(({ path, method }) => {
    const runs = `${api}/v1/stacks/prod-network/runs`;
    if (path === runs && method === 'POST') {
      return { status: 202, body: { id: 'k', stackId: 'prod-network', outcome: 'unknown', requestedBy: 'user:default/guest', requestedAt: '2026-01-01T00:00:00Z' } };
    }
    if (path === runs) return { body: { items: found ? [{ id: 'run-9', triggerId: 'k', state: 'QUEUED', group: 'progress', finished: false, url: '' }] : [] } };
    if (path === `${api}/v1/stacks/prod-network`) return { body: { ...stack(), syncedAt: '2026-01-01T00:00:00Z', stale: false, entities: [] } };
    return undefined;
  }));
  show(<SpaceliftPage />, backend);
  await userEvent.click(await screen.findByRole('button', { name: 'Trigger Network' }));
  await userEvent.click(await screen.findByRole('button', { name: 'Trigger the run' }));
  await screen.findByText('It is not known whether a run was started');
  found = true;
  await screen.findByText('Run run-9 was triggered', {}, { timeout: 10_000 });
});

test('read-only hides what cannot be done', async () => {
  show(<SpaceliftPage />, fakeBackend(v1(({ path }) => (path.endsWith('/v1/status') ? { body: status({ readOnly: true, canWrite: false }) } : undefined))));
  await screen.findByRole('link', { name: 'Network' });
  await screen.findByText('acme.app.spacelift.io');
  await waitFor(() => expect(screen.queryByRole('button', { name: /^Trigger/ })).toBeNull());
});

test.each([
  ['the framework', 500, { error: { name: 'Error', message: 'An error has come up' } }, /An error has come up/],
  ['the plugin', 503, { error: 'unauthorized', code: 'SPACELIFT_AUTH' }, /does not accept the API key/],
  ['something between', 502, '<html></html>', /502/],
  ['a sign-in page', 200, '<html></html>', /answered no JSON/],
])('an error of %s is shown in words', async (_, code, body, expected) => {
  show(<SpaceliftPage />, fakeBackend(v1(({ path }) => (path.endsWith('/v1/stacks') ? { status: code, body } : undefined))));
  expect((await screen.findByRole('alert')).textContent).toMatch(expected);
  noObject();
});

test('a stack that is not there is told as such, and is no reason to ask the official routes', async () => {
  const backend = fakeBackend(v1(({ path }) => (path.endsWith('/stacks/gone') ? { status: 404, body: { error: 'no stack "gone"', code: 'NOT_FOUND' } } : undefined)));
  show(<SpaceliftPage />, backend, '/stacks/gone');
  expect((await screen.findByRole('alert')).textContent).toMatch(/There is nothing here.*no stack "gone"/);
  expect(backend.asked.filter((a) => a.path === `${api}/stacks`)).toEqual([]);
});

test('where v1 is absent, the official routes list and trigger', async () => {
  const backend = fakeBackend(official(), { spacelift: { hostUrl: 'acme.app.spacelift.io' } });
  show(<SpaceliftPage />, backend);
  const link = await screen.findByRole('link', { name: /^Alpha/ });
  expect(link.getAttribute('href')).toBe('https://acme.app.spacelift.io/stack/a');
  expect(screen.getByRole('alert').textContent).toMatch(/need Understudy/);
  expect(screen.queryByRole('button', { name: 'Trigger Beta' })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Trigger Alpha' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(dialog.queryByLabelText('Reason')).toBeNull();
  await userEvent.click(dialog.getByRole('button', { name: 'Trigger the run' }));
  await dialog.findByText('Run run-1 was triggered');
  expect(dialog.queryByText('Follow the run')).toBeNull();
});

test.each(['true', 'yes', 1, 'ON'])('the official routes and readOnly: %j', async (readOnly) => {
  show(<SpaceliftPage />, fakeBackend(official(), { spacelift: { readOnly } }));
  await screen.findByText('Alpha');
  expect(screen.queryByRole('button', { name: /^Trigger/ })).toBeNull();
});

test('the official list may be an error inside 200', async () => {
  show(<SpaceliftPage />, fakeBackend(official(({ path }) => (path === `${api}/stacks` ? { body: { error: 'unauthorized' } } : undefined))));
  expect(await screen.findByText(/Spacelift says: unauthorized/)).toBeTruthy();
  noObject();
});

test('with no backend at all the page says what to configure', async () => {
  show(<SpaceliftPage />, fakeBackend(() => undefined));
  expect((await screen.findByText(/No backend plugin answers/)).textContent).toMatch(/discovery\.endpoints/);
});

test('the tab of an entity has its stacks, and says which it cannot find', async () => {
  const refs: (string | null)[] = [];
  const backend = fakeBackend(v1(({ path, query }) => {
    if (path === `${api}/v1/stacks`) refs.push(query.get('entityRef'));
    return path.endsWith('/runs') ? { body: { items: [{ id: 'r1', title: 'First', state: 'FAILED', group: 'failed', finished: true, url: 'https://x/' }] } } : undefined;
  }));
  show(<EntitySpaceliftContent />, backend);
  await screen.findByRole('link', { name: 'Network' });
  expect(screen.getByRole('alert').textContent).toMatch(/also names gone/);
  await screen.findByRole('link', { name: 'First' });
  expect(new Set(refs)).toEqual(new Set(['component:default/edge']));
});

test('the tab by the official routes has the stacks that the annotation names', async () => {
  show(<EntitySpaceliftContent />, fakeBackend(official(({ path }) => (path === `${api}/stacks`
    ? { body: ['prod-network', 'other'].map((id) => ({ id, name: id, branch: 'main', labels: [], state: 'FINISHED', spaceDetails: { id: 'r', name: 'r' } })) }
    : undefined))));
  await screen.findByText('prod-network');
  expect(screen.queryByText('other')).toBeNull();
});
