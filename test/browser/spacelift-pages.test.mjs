// The Spacelift pages in every state, in both themes and widths, as pages.test.mjs looks at the others. A fake account plays
// the plugin.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answer, assertQuiet, failure, launch, lookAtAll, openPage, settle } from './browser.mjs';
import { startDemo } from './server.mjs';
import { accountWith, ago, FakeSpacelift, goodStatus, lostTrigger, stack } from './spacelift.mjs';

const trouble = { error: 'The API key was refused', code: 'SPACELIFT_AUTH' };
const unavailable = { error: 'Spacelift did not answer in 10 seconds', code: 'SPACELIFT_UNAVAILABLE', requestId: 'r-1' };
const status = (more) => new FakeSpacelift({ status: { ...goodStatus, ...more } });

const special = new FakeSpacelift();
special.stacks[0] = stack(0, { lockedBy: 'ada@example.com', lockNote: 'moving the state', trigger: { allowed: false, reason: 'The stack is locked by ada@example.com.' } });
special.stacks[1] = stack(1, { disabled: true, name: 'A stack whose name is too long for any column that a page could have', description: 'word '.repeat(60) });
special.stacks[2] = stack(2, { deleting: true, description: '<img src=x onerror=alert(1)> [unsafe](javascript:alert(1))', url: 'javascript:alert(1)' });
special.entities = ['component:default/checkout'];
special.detail = {
  terraformVersion: '1.9.4', workspace: 'default', managesStateFile: true, policies: [{ id: 'p', name: 'No public buckets', type: 'GIT_PUSH' }],
  contexts: [{ id: 'c', name: 'aws-eu', priority: 0 }], dependsOn: [{ id: 'stack-00003', name: 'Stack 00003' }], dependedOnBy: [{ id: 'stack-00004', name: 'Stack 00004' }],
};
const uncertain = new FakeSpacelift();
uncertain.stacks[6] = stack(6, { trigger: { allowed: false, reason: 'A run that guest triggered is pending.', pending: lostTrigger } });
uncertain.detail = { stale: true };

const annotated = (ids) => ({
  apiVersion: 'backstage.io/v1alpha1', kind: 'Component', metadata: { name: 'ledger', namespace: 'default', uid: 'u', annotations: { 'spacelift.io/stack-id': ids } }, spec: { type: 'service' },
});
const byName = 'catalog/entities/by-name/**';
const withStacks = new FakeSpacelift();
withStacks.named = ['stack-00001', 'stack-00002'];

/** Somebody was faster, and is seen to have been when one looks again. */
function conflict(id) {
  const requestedAt = ago(10);
  this.stacks[4] = stack(4, { trigger: { allowed: false, reason: 'A run is pending.', pending: { ...lostTrigger, id: '01OTHER', stackId: id, outcome: 'triggered', runId: '01X', state: 'QUEUED', requestedBy: 'user:default/ada', requestedAt } } });
  return { status: 409, json: { error: 'user:default/ada triggered a run 10 seconds ago; it is queued', code: 'CONFLICT', details: { trigger: '01OTHER', requestedBy: 'user:default/ada', requestedAt } } };
}

const dialog = (page) => page.getByRole('dialog', { name: 'Trigger a run' });
const trigger = async (page, reason) => {
  await page.getByRole('button', { name: 'Trigger', exact: true }).click();
  if (reason) await dialog(page).getByRole('textbox', { name: 'Reason' }).fill(reason);
  await dialog(page).getByRole('button', { name: 'Trigger the run' }).click();
};

// What is to be seen, and how to get there: `account` answers for the plugin, `when` sets more up, `act` follows the
// opening.
const cases = [
  { name: 'stacks loaded', account: special, path: '/spacelift', see: (p) => p.getByRole('link', { name: 'Stack 00003', exact: true }) },
  { name: 'stacks narrowed', account: special, path: '/spacelift?group=failed&group=progress&space=payments&label=env:production&q=stack', see: (p) => p.getByRole('button', { name: 'Take away space Payments' }) },
  { name: 'stacks no match', account: special, path: '/spacelift?q=no-such-thing', see: (p) => p.getByRole('button', { name: 'Clear search and filters' }) },
  { name: 'stacks empty', account: new FakeSpacelift({ stacks: [] }), path: '/spacelift', see: (p) => p.getByText('No stacks yet') },
  { name: 'stacks error', failing: true, account: special, path: '/spacelift', when: (p) => answer(p, 'spacelift-io/v1/stacks*', unavailable, 502), see: (p) => p.getByText('Spacelift does not answer') },
  { name: 'stacks framework error', failing: true, account: special, path: '/spacelift', when: (p) => answer(p, 'spacelift-io/v1/stacks*', failure(403, 'NotAllowedError', 'Ask the platform team'), 403), see: (p) => p.getByText('Ask the platform team') },
  { name: 'stacks never synced', account: status({ synced: { complete: false, error: trouble } }), path: '/spacelift', see: (p) => p.getByText('Spacelift could not be read yet') },
  {
    name: 'stacks key refused', failing: true, account: status({ synced: { complete: false, error: trouble } }), path: '/spacelift', see: (p) => p.getByText(/Compare spacelift\.apiKey and spacelift\.apiSecret/),
    when: (p) => answer(p, 'spacelift-io/v1/stacks*', { ...trouble, requestId: 'r-2' }, 503),
  },
  { name: 'stacks upstream down', account: status({ synced: { ...goodStatus.synced, at: ago(7200), error: unavailable }, breaker: 'open' }), path: '/spacelift', see: (p) => p.getByText('Spacelift cannot be read right now') },
  { name: 'stacks rate limited', account: status({ rateLimitedUntil: ago(-3600) }), path: '/spacelift', see: (p) => p.getByText('Spacelift asks to wait') },
  { name: 'stacks read-only', account: status({ readOnly: true, canWrite: false, unknownStates: 2 }), path: '/spacelift', see: (p) => p.getByRole('button', { name: /^Read-only/ }) },
  { name: 'stacks key without write', account: status({ canWrite: false }), path: '/spacelift', see: (p) => p.getByRole('button', { name: /^Key can only read/ }) },
  { name: 'stacks not hosted', failing: true, path: '/spacelift', when: (p) => hosted(p, false), see: (p) => p.getByText('Spacelift is not set up here') },

  { name: 'stack loaded', account: special, path: '/spacelift/stack-00003', see: (p) => p.getByText('The certificate ends tonight') },
  { name: 'stack locked', account: special, path: '/spacelift/stack-00000', see: (p) => p.getByText('Locked by ada@example.com') },
  { name: 'stack deleting', account: special, path: '/spacelift/stack-00002', see: (p) => p.getByText('This stack is being deleted') },
  { name: 'stack uncertain', account: uncertain, path: '/spacelift/stack-00006', see: (p) => p.getByText('It is not known whether the last trigger started a run') },
  { name: 'stack no runs', account: special, path: '/spacelift/stack-00004?runs=task', see: (p) => p.getByText('No tasks yet') },
  { name: 'stack runs error', failing: true, account: special, path: '/spacelift/stack-00004', when: (p) => answer(p, 'spacelift-io/v1/stacks/*/runs*', unavailable, 502), see: (p) => p.getByText('did not answer in 10 seconds') },
  { name: 'stack missing', failing: true, account: special, path: '/spacelift/no-such-stack', see: (p) => p.getByText('No such stack') },
  { name: 'stack error', failing: true, account: special, path: '/spacelift/stack-00004', when: (p) => answer(p, 'spacelift-io/v1/stacks/stack-00004', unavailable, 502), see: (p) => p.getByText('Spacelift does not answer') },

  { name: 'trigger asks', account: special, path: '/spacelift/stack-00004', act: (p) => p.getByRole('button', { name: 'Trigger', exact: true }).click(), see: (p) => dialog(p).getByText('autodeploy is on') },
  { name: 'trigger sent', account: accountWith({}), path: '/spacelift/stack-00004', act: (p) => trigger(p, 'Because'), see: (p) => dialog(p).getByText('A run of Stack 00004 was triggered') },
  {
    name: 'trigger unknown', failing: true, path: '/spacelift/stack-00006', act: (p) => trigger(p),
    account: accountWith({ onTrigger: () => ({ status: 202, json: lostTrigger }), stacks: { 6: { trigger: { allowed: true, pending: lostTrigger } } } }), see: (p) => dialog(p).getByText('It is being looked for'),
  },
  {
    name: 'trigger conflict', failing: true, path: '/spacelift/stack-00004', act: (p) => trigger(p), see: (p) => dialog(p).getByText('A run is already pending'),
    account: accountWith({ onTrigger: conflict }),
  },
  {
    name: 'trigger refused', failing: true, path: '/spacelift/stack-00004', act: (p) => trigger(p), see: (p) => dialog(p).getByText('stack is locked'),
    account: accountWith({ onTrigger: () => ({ status: 409, json: { error: 'stack is locked', code: 'SPACELIFT_REJECTED' } }) }),
  },
  {
    name: 'trigger refused by the framework', failing: true, path: '/spacelift/stack-00004', act: (p) => trigger(p), see: (p) => dialog(p).getByText('Ask the platform team'),
    account: accountWith({ onTrigger: () => ({ status: 403, json: failure(403, 'NotAllowedError', 'Ask the platform team') }) }),
  },

  { name: 'entity stacks', account: withStacks, path: '/catalog/default/component/ledger', when: (p) => answer(p, byName, annotated('stack-00001, stack-00002')), see: (p) => p.getByRole('link', { name: 'Stack 00002' }) },
  { name: 'entity stacks unknown', account: withStacks, path: '/catalog/default/component/ledger', when: (p) => answer(p, byName, annotated('stack-00001,ledgerr,')), see: (p) => p.getByText('A stack is not known') },
  {
    name: 'entity stacks error', failing: true, account: withStacks, path: '/catalog/default/component/ledger', see: (p) => p.getByText('Spacelift does not answer'),
    when: async (p) => { await answer(p, byName, annotated('stack-00001')); await answer(p, 'spacelift-io/v1/stacks?*', unavailable, 502); },
  },
];

function hosted(page, is) {
  return page.route('**/api/understudy/v1/bootstrap', async (route) => {
    const json = await (await route.fetch()).json();
    const plugins = json.plugins.filter((p) => p !== 'spacelift-io');
    return route.fulfill({ json: { ...json, plugins: is ? [...plugins, 'spacelift-io'] : plugins } });
  });
}

describe('spacelift pages', { concurrency: 2 }, () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const { name, account: fake, path, when, act, see, failing } of cases) {
    test(name, async () => {
      const { page, complaints, close } = await openPage(browser, { url: server.url });
      try {
        await fake?.install(page);
        await when?.(page);
        await page.goto(`/console${path}`);
        await act?.(page);
        await see(page).first().waitFor();
        await settle(page);
        assert.ok((await page.getByText(trouble.error).count()) <= 1, 'what is wrong is told once');
        await lookAtAll(page, { name, see });
        assertQuiet(complaints, { failing });
      } finally {
        await close();
      }
    });
  }
});
