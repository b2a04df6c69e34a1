// The exports: every page in both themes, what can be done there, and a run in the demo from the button to the simulator.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { answer, assertAccessible, assertQuiet, failure, launch, lookAtAll, openPage, picture, settle } from './browser.mjs';
import * as fixture from './exports.fixture.mjs';
import { startDemo } from './server.mjs';

const { answerExports, hosting } = fixture;
const state = (over) => ({ ...fixture.status, ...over });
const ended = (status, error) => state({ last: fixture.run('r15', { status, error }), token: { state: status === 'not_entitled' ? 'not_entitled' : 'refused', checkedAt: fixture.ago(1000) } });

/** Windows between a desktop and a phone, where two columns become one. */
const between = [1320, 1200, 1024, 900];

/** `see` is what a person must find; `when` what is answered; `failing` whether answers of 400 and more are meant. */
const cases = [
  { name: 'exports loaded', path: '/exports', see: (p) => p.getByRole('img', { name: /Entities and duration of the last 15 runs/ }) },
  { name: 'exports empty', path: '/exports', when: (p) => answerExports(p, { state: fixture.fresh, runs: [] }), see: (p) => p.getByText('Nothing has been exported yet') },
  { name: 'exports error', failing: true, path: '/exports', when: (p) => answer(p, 'rely/**', fixture.down, 503), see: (p) => p.getByText('The server is not ready') },
  { name: 'exports forbidden', failing: true, path: '/exports', when: (p) => answer(p, 'rely/**', fixture.forbidden, 403), see: (p) => p.getByText('You may not see this') },
  { name: 'exports history error', failing: true, path: '/exports', when: async (p) => { await answerExports(p); await answer(p, 'rely/runs?**', failure(500, 'Error', 'An internal error occurred logId=abc'), 500); }, see: (p) => p.getByText('The server failed') },
  { name: 'exports off', hosted: false, path: '/exports', see: (p) => p.getByText('Exports are off') },
  { name: 'exports sending', path: '/exports', when: (p) => answerExports(p, { state: state({ running: fixture.sending }) }), see: (p) => p.getByText('26,303 of 64,992') },
  { name: 'exports limited', path: '/exports', when: (p) => answerExports(p, { state: state({ running: fixture.limited }) }), see: (p) => p.getByText(/Rely asked us to wait\. The run goes on in \d+/) },
  { name: 'exports destination down', path: '/exports', when: (p) => answerExports(p, { state: state({ running: fixture.downNow }) }), see: (p) => p.getByText('connection refused; tried 3 times') },
  { name: 'exports planning', path: '/exports', when: (p) => answerExports(p, { state: state({ running: fixture.planning }) }), see: (p) => p.getByText('3,100 read') },
  { name: 'exports auth failed', path: '/exports', when: (p) => answerExports(p, { state: ended('auth_failed', 'GET /api/v1/blueprints/service answered 401: Not authenticated') }), see: (p) => p.getByText('Rely refused the token') },
  { name: 'exports not entitled', path: '/exports', when: (p) => answerExports(p, { state: ended('not_entitled', 'POST /api/v1/tasks answered 402: Upgrade your plan') }), see: (p) => p.getByText('Rely says that its plan does not include this') },
  { name: 'exports partial', path: '/exports', when: (p) => answerExports(p, { state: state({ last: fixture.partial, ledger: { sent: 214, failed: 3, lagSeconds: 4000 } }) }), see: (p) => p.getByRole('link', { name: 'See what failed' }) },

  { name: 'run loaded', path: '/exports/runs/r20', see: (p) => p.getByRole('link', { name: 'component:ledger' }) },
  { name: 'run failed items', path: '/exports/runs/r20?status=failed', see: (p) => p.getByRole('button', { name: 'Retry component:default/ledger' }) },
  { name: 'run empty', path: '/exports/runs/r15', when: (p) => answerExports(p, { one: fixture.history[0], list: [] }), see: (p) => p.getByText('No items') },
  { name: 'run dry', path: '/exports/runs/r2', when: (p) => answerExports(p, { one: fixture.history.find((r) => r.id === 'r2'), list: [{ entityRef: 'component:default/checkout', status: 'pending', operation: 'create' }] }), see: (p) => p.getByText('Would be sent') },
  { name: 'run sending', path: '/exports/runs/r16', when: (p) => answerExports(p, { one: fixture.sending, list: [] }), see: (p) => p.getByText('about 1 min left') },
  { name: 'run missing', failing: true, path: '/exports/runs/r99', when: (p) => answer(p, 'rely/runs/**', fixture.missing, 404), see: (p) => p.getByText('No such run') },
  { name: 'run error', failing: true, path: '/exports/runs/r20', when: (p) => answer(p, 'rely/runs/**', fixture.down, 503), see: (p) => p.getByText('The server is not ready') },
  { name: 'run items error', failing: true, path: '/exports/runs/r20', when: async (p) => { await answerExports(p); await answer(p, 'rely/runs/*/items?**', fixture.down, 503); }, see: (p) => p.getByText('The server is not ready') },

  { name: 'preview loaded', path: '/exports/preview?entity=component:default/checkout', see: (p) => p.getByRole('region', { name: 'Document as YAML' }) },
  { name: 'preview json', path: '/exports/preview?entity=component:default/checkout&as=json', see: (p) => p.getByRole('region', { name: 'Document as JSON' }) },
  { name: 'preview empty', path: '/exports/preview', see: (p) => p.getByText('Choose an entity') },
  { name: 'preview left out', path: '/exports/preview?entity=user:default/jane', when: (p) => answerExports(p, { doc: fixture.filteredOut }), see: (p) => p.getByText('entityFilters let no user through') },
  { name: 'preview missing', failing: true, path: '/exports/preview?entity=component:default/none', when: (p) => answer(p, 'rely/preview?**', fixture.missing, 404), see: (p) => p.getByText('Not in the catalog') },
  { name: 'preview error', failing: true, path: '/exports/preview?entity=component:default/checkout', when: (p) => answer(p, 'rely/**', fixture.down, 503), see: (p) => p.getByText('The server is not ready') },
  { name: 'entity export', path: '/catalog/default/component/checkout?tab=export', see: (p) => p.getByRole('region', { name: 'Document as YAML' }) },
];

describe('exports', { concurrency: 2 }, () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const { name, path, hosted = true, when = answerExports, see, failing } of cases) {
    test(name, async () => {
      const { page, complaints, close } = await openPage(browser, { url: server.url });
      try {
        await hosting(page, hosted);
        await when(page);
        await page.goto(`/console${path}`);
        await see(page).first().waitFor();
        await settle(page);
        await lookAtAll(page, { name, see, widths: between });
        assertQuiet(complaints, { failing });
      } finally {
        await close();
      }
    });
  }

  /** A page with a good day's answers, to which a test adds its own. */
  async function open(path, over, options) {
    const opened = await openPage(browser, { url: server.url, ...options });
    await hosting(opened.page, true);
    await answerExports(opened.page, over);
    const asked = [];
    opened.page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname.startsWith('/api/rely/')) asked.push({ method: request.method(), path: url.pathname.slice('/api/rely'.length) + url.search, body: request.postDataJSON() });
    });
    const posts = () => asked.filter((a) => a.method === 'POST').map(({ path: to, body }) => ({ path: to, body }));
    await opened.page.goto(`/console${path}`);
    await settle(opened.page);
    return { ...opened, asked, posts };
  }

  /** The plugin's answers while a run goes from its start to its end, a step each time that its state is asked for. */
  async function answerRun(page, id, steps) {
    let at = -1;
    const current = () => steps[Math.min(at, steps.length - 1)];
    await page.route('**/api/rely/migrate*', (route) => {
      at = 0;
      return route.fulfill({ status: 202, json: { runId: id, destination: 'rely', status: 'running', href: `/api/rely/runs/${id}` } });
    });
    await page.route('**/api/rely/status', (route) => {
      if (at < 0) return route.fulfill({ json: state() });
      const now = current();
      at++;
      const over = now.status === 'running';
      return route.fulfill({ json: state(over ? { running: now } : { last: now, running: undefined }) });
    });
    await page.route('**/api/rely/runs?**', (route) => route.fulfill({ json: { items: at < 0 ? fixture.history : [current(), ...fixture.history] } }));
  }

  const stepsOf = (id) => {
    const base = { trigger: 'manual', startedAt: new Date().toISOString(), endedAt: undefined, status: 'running' };
    return [
      fixture.run(id, { ...base, phase: 'prepare' }),
      fixture.run(id, { ...base, phase: 'plan' }, { read: 120 }),
      fixture.run(id, { ...base, phase: 'write', rate: 50, etaSeconds: 3 }, { read: 227, create: 200, sent: 50, pending: 150 }),
      fixture.run(id, { ...base, phase: 'write', rate: 50, etaSeconds: 1 }, { read: 227, create: 200, sent: 150, pending: 50 }),
      fixture.run(id, { trigger: 'manual' }, { read: 227, create: 200, sent: 200, unchanged: 27 }),
    ];
  };

  test('a run is watched from its start to its end without a reload', async () => {
    const { page, complaints, posts, close } = await open('/exports');
    await answerRun(page, 'r16', stepsOf('r16'));
    const run = page.getByRole('button', { name: 'Run now' });
    await run.dblclick();
    const bar = page.getByRole('progressbar');
    await bar.waitFor();
    assert.equal(await run.getAttribute('aria-disabled'), 'true');
    await page.getByText('50 of 200').waitFor();
    assert.equal(await bar.getAttribute('aria-valuenow'), '25');
    await page.getByText('150 of 200').waitFor();
    await page.getByRole('status').filter({ hasText: '75 percent' }).waitFor({ state: 'attached' });
    await page.getByText('200 sent, 27 unchanged', { exact: true }).first().waitFor();
    await bar.waitFor({ state: 'detached' });
    await page.getByRole('img', { name: /last 16 runs/ }).waitFor();
    assert.equal(await run.getAttribute('aria-disabled'), null);
    assert.deepEqual(posts(), [{ path: '/migrate', body: null }]);
    assertQuiet(complaints);
    await close();
  });

  test('a dry run and a full one say so; the full one is asked about first', async () => {
    const { page, complaints, posts, close } = await open('/exports');
    await page.route('**/api/rely/migrate*', (route) => route.fulfill({ status: 202, json: { runId: 'r16', destination: 'rely', status: 'queued', href: '' } }));
    const started = () => page.waitForResponse('**/api/rely/migrate*');
    await Promise.all([started(), page.getByRole('button', { name: 'Dry run' }).evaluate((b) => { b.click(); b.click(); })]);
    const more = page.getByRole('button', { name: 'More ways to run' });
    await more.click();
    await page.getByRole('menuitem', { name: /Send everything again/ }).click();
    const dialog = page.getByRole('dialog', { name: 'Send everything again?' });
    await dialog.waitFor();
    await assertAccessible(page);
    await picture(page, 'exports-confirm-light-1440');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(posts().length, 1, 'Escape starts nothing');
    await more.click();
    await page.getByRole('menuitem', { name: /Send everything again/ }).click();
    await Promise.all([started(), dialog.getByRole('button', { name: 'Send everything', exact: true }).evaluate((b) => { b.click(); b.click(); })]);
    assert.deepEqual(posts().map((p) => p.path), ['/migrate?dryRun=true', '/migrate?full=true']);
    assertQuiet(complaints);
    await close();
  });

  test('a run under way is cancelled, once one has said so', async () => {
    const { page, complaints, posts, close } = await open('/exports/runs/r16', { one: fixture.sending, list: [] });
    const cancelled = { ...fixture.sending, status: 'cancelled', phase: undefined, endedAt: new Date().toISOString(), resumable: true };
    await page.route('**/api/rely/runs/r16/cancel', async (route) => {
      await answer(page, 'rely/runs/r16', cancelled);
      return route.fulfill({ json: { ...fixture.sending, phase: 'finish' } });
    });
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel the run' }).evaluate((b) => { b.click(); b.click(); });
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    assert.deepEqual(posts(), [{ path: '/runs/r16/cancel', body: null }]);
    assertQuiet(complaints);
    await close();
  });

  test('failed items are sent again: one, those selected, all', async () => {
    const { page, complaints, posts, close } = await open('/exports/runs/r20?status=failed');
    await page.route('**/api/rely/runs/*/retry-failed', (route) => route.fulfill({ status: 202, json: { runId: 'r21', destination: 'rely', status: 'queued', href: '' } }));
    await page.getByRole('button', { name: 'Retry component:default/ledger' }).evaluate((b) => { b.click(); b.click(); });
    await page.waitForURL('**/exports/runs/r21');
    await page.goBack();
    await page.getByRole('checkbox', { name: 'Select resource:default/orders-db' }).check();
    await page.getByRole('checkbox', { name: 'Select system:other/ünïcode' }).check();
    await page.getByRole('button', { name: 'Retry 2 selected' }).click();
    await page.waitForURL('**/exports/runs/r21');
    await page.goBack();
    await page.getByRole('button', { name: 'Retry all 3 failed' }).evaluate((b) => { b.click(); b.click(); });
    await page.waitForURL('**/exports/runs/r21');
    assert.deepEqual(posts().map((p) => p.body), [
      { entityRefs: ['component:default/ledger'] },
      { entityRefs: ['resource:default/orders-db', 'system:other/ünïcode'] },
      {},
    ]);
    assertQuiet(complaints);
    await close();
  });

  test('a retry is offered only where it may help', async () => {
    const twin = { entityRef: 'component:other/ledger', status: 'failed', code: 'duplicate_id', message: 'another entity has the id component.ledger already', at: fixture.ago(1000) };
    const { page, complaints, close } = await open('/exports/runs/r20', { list: [...fixture.items, twin] });
    await page.getByText('another entity has this id').first().waitFor({ state: 'attached' });
    assert.equal(await page.getByRole('button', { name: /^Retry component:default/ }).count(), 1);
    assert.equal(await page.getByRole('button', { name: 'Retry component:other/ledger' }).count(), 0);
    assert.equal(await page.getByRole('checkbox', { name: 'Select component:other/ledger' }).count(), 0);
    assertQuiet(complaints);
    await close();
  });

  for (const path of ['/exports', '/exports/runs/r16']) {
    test(`a run stands still at ${path} when the server is gone, and goes on with it`, async () => {
      const { page, complaints, close } = await open(path, { state: state({ running: fixture.sending }), one: fixture.sending, list: [] });
      const card = page.getByRole('region', { name: 'Progress' });
      await card.getByText('about 1 min left').waitFor();
      const gone = (route) => route.abort('connectionrefused');
      await page.route('**/api/**', gone);
      await card.getByText('The server does not answer', { exact: true }).waitFor();
      await card.getByText('A run was under way').waitFor();
      assert.equal(await card.getByText('about 1 min left').count(), 0);
      await assertAccessible(page);
      const told = () => card.getByText('812 requests').locator('..').textContent();
      const before = await told();
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2500)));
      assert.equal(await told(), before, 'nothing is counted any more');
      await page.unroute('**/api/**', gone);
      await card.getByText('about 1 min left').waitFor();
      await card.getByText('The server does not answer').waitFor({ state: 'detached' });
      assertQuiet(complaints, { failing: true });
      await close();
    });
  }

  test('items are filtered by status, and the address says so', async () => {
    const { page, complaints, close } = await open('/exports/runs/r20');
    const refs = () => page.getByRole('table', { name: 'Items' }).getByRole('row').count();
    assert.equal(await refs(), 1 + fixture.items.length);
    await page.getByRole('button', { name: /^Skipped/ }).click();
    await page.waitForURL('**/exports/runs/r20?status=skipped');
    await page.getByRole('cell', { name: 'The mapping leaves locations out', exact: true }).waitFor();
    await settle(page);
    assert.equal(await refs(), 2);
    await page.getByRole('button', { name: /^Pending/ }).click();
    await page.getByText('Nothing is pending').waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('what is refused is told in the server’s words, and can be tried again', async () => {
    const { page, complaints, close } = await open('/exports');
    await answer(page, 'rely/migrate*', fixture.forbidden, 403);
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('alert').filter({ hasText: 'You may not do this' }).getByText('does not let you export').waitFor();
    await assertAccessible(page);
    assert.equal(await page.getByRole('button', { name: 'Run now' }).getAttribute('aria-disabled'), null);
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('nothing is asked for while the page is hidden', async () => {
    const { page, complaints, asked, close } = await open('/exports', { state: state({ running: fixture.sending }) });
    const show = (visibility) => page.evaluate((v) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => v });
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    }, visibility);
    const statuses = () => asked.filter((a) => a.path === '/status').length;
    await page.waitForResponse('**/api/rely/status');
    await show('hidden');
    // An answer that was under way may still come, and is waited for by the time of three more.
    const before = statuses();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 3500)));
    assert.ok(statuses() <= before + 1, `${statuses() - before} questions while hidden`);
    const hidden = statuses();
    await Promise.all([page.waitForResponse('**/api/rely/status'), show('visible')]);
    assert.ok(statuses() > hidden);
    assertQuiet(complaints);
    await close();
  });

  test('an entity is found by a word of it, and its page has the same preview', async () => {
    const { page, complaints, close } = await open('/exports');
    await page.getByRole('combobox', { name: 'Entity' }).fill('checko');
    await page.getByRole('option', { name: 'component:default/checkout', exact: true }).click();
    await page.waitForURL('**/exports/preview?entity=component:default/checkout');
    const document = page.getByRole('region', { name: 'Document as YAML' });
    await document.getByText('component.default.checkout', { exact: true }).waitFor();
    assert.deepEqual(await document.locator('[data-added]').allTextContents().then((all) => all.map((t) => t.trim().split(':')[0])), [
      'tier', 'dependsOn', 'value', '- resource.default.orders-db', '- component.default.pricing',
    ]);
    await page.getByText('JSON', { exact: true }).click();
    await page.waitForURL('**as=json');
    await page.getByRole('region', { name: 'Document as JSON' }).waitFor();
    await page.getByRole('link', { name: 'component:checkout' }).click();
    await page.getByRole('tab', { name: 'Export preview' }).click();
    await page.getByRole('region', { name: 'Document as YAML' }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('with the keyboard alone: start, watch, see what failed', async () => {
    const { page, complaints, close } = await open('/exports', { state: state({ last: fixture.partial }) });
    const focused = () => page.evaluate(() => (document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim());
    const tabTo = async (name, most = 40) => {
      for (let i = 0; i < most; i++) {
        await page.keyboard.press('Tab');
        if (name.test(await focused())) return;
      }
      assert.fail(`Tab does not reach ${name}; the focus is on "${await focused()}"`);
    };
    await answerRun(page, 'r21', stepsOf('r21').slice(0, 2));
    await tabTo(/^Run now$/);
    await page.keyboard.press('Enter');
    await page.getByRole('progressbar').waitFor();
    assert.equal(await focused(), 'Run now', 'the button keeps the focus');
    await tabTo(/^Cancel$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel the run');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel');
    assertQuiet(complaints);
    await close();
  });

  test('the demo is exported with one click, and the simulator has what the plan says', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/');
    await page.getByRole('link', { name: 'Exports', exact: true }).click();
    await settle(page);
    await page.evaluate(() => { window.loadedOnce = true; });
    await page.getByRole('button', { name: 'Run now' }).click();
    const row = page.getByRole('table', { name: 'Runs' }).getByRole('row').filter({ hasText: 'by hand' }).first();
    await row.getByRole('cell', { name: 'Succeeded', exact: true }).waitFor();
    assert.equal(await page.evaluate(() => window.loadedOnce), true, 'the page was not loaded again');
    await settle(page);
    await assertAccessible(page);
    await picture(page, 'exports-demo-light-1440');

    // Once more over HTTP, as `curl` would, and the digest of what should be there.
    const token = readFileSync(join(server.data, 'token'), 'utf8').trim();
    const ask = async (path) => {
      const response = await fetch(`${server.url}/api/rely${path}`, { headers: { Authorization: `Bearer ${token}` } });
      const body = await response.json();
      assert.equal(response.status, 200, JSON.stringify(body));
      return body;
    };
    assert.equal((await ask('/migrate?wait=60s')).run.status, 'succeeded');
    const { run: plan } = await ask('/migrate?dryRun=true&digest=true&wait=60s');
    assert.equal(plan.status, 'succeeded');
    assert.equal(plan.counts.create + plan.counts.update, 0, 'nothing is left to send');
    const simulator = /Rely simulator\s+(http:\/\/[^/\s]+)/.exec(server.output())[1];
    const { digest, entities } = await (await fetch(`${simulator}/_sim/digest`)).json();
    assert.equal(digest, plan.digest, 'the simulator has what the plan says');
    assert.ok(entities > 0 && entities === plan.counts.unchanged, `${entities} of ${plan.counts.unchanged} arrived`);
    assert.equal(plan.counts.unchanged + plan.counts.skipped, plan.counts.read, 'every entity that the mapping does not skip');

    // The run's page, and the document of an entity that has arrived.
    await row.getByRole('link').first().click();
    await page.getByRole('heading', { level: 1, name: 'Export: changes' }).waitFor();
    await settle(page);
    await assertAccessible(page);
    await picture(page, 'run-demo-light-1440');
    await page.goto('/console/catalog/default/component/checkout?tab=export');
    await page.getByText('Nothing to send').waitFor();
    await page.getByText('Arrived').waitFor();
    await settle(page);
    await picture(page, 'entity-export-demo-light-1440');
    assertQuiet(complaints);
    await close();
  });
});
