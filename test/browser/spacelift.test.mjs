// What people do on the Spacelift pages, and the way of a trigger from the question to the end of its run. Most is played by a
// fake account; the last part is the demo with its simulator.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, launch, openPage, phone, settle } from './browser.mjs';
import { startDemo } from './server.mjs';
import { accountWith, FakeSpacelift, lostTrigger, runs, run, stack } from './spacelift.mjs';

const dialog = (page) => page.getByRole('dialog', { name: 'Trigger a run' });

function lockedAccount() {
  const out = new FakeSpacelift();
  out.stacks[0] = stack(0, { lockedBy: 'ada@example.com', trigger: { allowed: false, reason: 'The stack is locked by ada@example.com.' } });
  return out;
}

describe('spacelift', { concurrency: 2 }, () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const open = async (fake, path, options = {}) => {
    const opened = await openPage(browser, { url: server.url, ...options });
    await fake.install(opened.page);
    await opened.page.goto(`/console${path}`);
    return opened;
  };
  const drawn = (page) => page.locator('tr[data-stack]').count();

  test('ten thousand stacks: few rows are drawn, and pages are read as one scrolls', async () => {
    const fake = new FakeSpacelift({ stacks: Array.from({ length: 10_000 }, (_, i) => stack(i)) });
    const { page, complaints, close } = await open(fake, '/spacelift');
    await page.getByText('10,000 stacks').waitFor();
    await settle(page);
    assert.equal(await page.getByRole('table').getAttribute('aria-rowcount'), '10001');
    const first = await drawn(page);
    assert.ok(first > 5 && first < 60, `${first} rows`);
    const readAtFirst = fake.reads.length;
    assert.ok(readAtFirst <= 3, `${readAtFirst} requests`);
    for (const wanted of [1, 5, 10]) {
      await page.waitForFunction((pages) => {
        window.scrollTo(0, document.documentElement.scrollHeight);
        return Math.max(...[...document.querySelectorAll('tr[data-stack]')].map((r) => Number(r.dataset.index))) >= pages * 100 - 1;
      }, wanted);
      const rows = await drawn(page);
      assert.ok(rows < 60, `${rows} rows after ${wanted} pages`);
    }
    assert.ok(fake.reads.some((r) => r.includes('cursor=900')), fake.reads.join(' '));
    const elements = await page.evaluate(() => document.querySelectorAll('*').length);
    assert.ok(elements < 4000, `${elements} elements`);
    assertQuiet(complaints);
    await close();
  });

  test('filters are in the address; a group takes the place of states', async () => {
    const { page, complaints, close } = await open(new FakeSpacelift(), '/spacelift');
    await page.getByText('40 stacks').waitFor();
    await page.getByRole('button', { name: /^Failed/ }).click();
    await page.waitForURL('**/spacelift?group=failed');
    await page.getByText('3 stacks').waitFor();
    await page.getByRole('button', { name: 'Space', exact: true }).click();
    await page.getByRole('checkbox', { name: 'Platform' }).check();
    await page.waitForURL('**/spacelift?group=failed&space=platform');
    assert.equal(await page.getByRole('checkbox', { name: 'Network' }).isDisabled(), true, 'it is below the one that is chosen');
    assert.equal(await page.getByRole('checkbox', { name: 'Network' }).isChecked(), true);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'State', exact: true }).click();
    await page.getByRole('checkbox', { name: 'Planning', exact: true }).check();
    await page.waitForURL('**/spacelift?state=PLANNING&space=platform');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Label', exact: true }).click();
    await page.getByRole('textbox', { name: 'Find a label' }).fill('rare');
    await page.getByRole('checkbox', { name: 'Exactly “rare”' }).click();
    await page.waitForURL(/label=rare/);
    await page.getByText('Nothing matches').waitFor();
    await page.goBack();
    await page.goBack();
    await page.waitForURL('**/spacelift?group=failed&space=platform');
    await page.getByRole('button', { name: 'Clear all' }).click();
    await page.waitForURL('**/spacelift');
    await page.getByRole('textbox', { name: 'Find stacks' }).fill('stack 00007');
    await page.waitForURL('**/spacelift?q=stack+00007');
    await page.getByText('1 stack', { exact: true }).waitFor();
    assert.equal(await page.getByRole('textbox', { name: 'Search the catalog' }).inputValue(), '', 'that is another search');
    assertQuiet(complaints);
    await close();
  });

  test('a phone has its filters in a drawer', async () => {
    const { page, complaints, close } = await open(new FakeSpacelift(), '/spacelift', { viewport: phone });
    await page.getByRole('button', { name: 'Filters' }).click();
    const drawer = page.getByRole('dialog', { name: 'Filters' });
    await drawer.getByRole('checkbox', { name: 'Production', exact: true }).check();
    await page.waitForURL(/space=payments-prod/);
    await drawer.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('button', { name: 'Filters (1)' }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('a change is seen where it is: the rows stay, and so does the place', async () => {
    const fake = new FakeSpacelift({ stacks: Array.from({ length: 450 }, (_, i) => stack(i, { state: 'FINISHED', group: 'finished' })) });
    const { page, complaints, close } = await open(fake, '/spacelift');
    await page.getByText('450 stacks').waitFor();
    await page.waitForFunction(() => {
      window.scrollTo(0, 9000);
      return document.querySelector('tr[data-stack="stack-00140"]');
    });
    const row = page.locator('tr[data-stack="stack-00140"]');
    const handle = await row.elementHandle();
    const place = await page.evaluate(() => window.scrollY);
    fake.stacks[140] = stack(140, { state: 'FAILED', group: 'failed' });
    await fake.push({ type: 'stacks', ids: ['stack-00140'] });
    await row.locator('td').nth(1).getByText('Failed', { exact: true }).waitFor();
    assert.ok(await handle.evaluate((e) => e.isConnected), 'the row is the same element');
    assert.equal(await page.evaluate(() => window.scrollY), place);
    await page.getByRole('button', { name: /^Failed 1$/ }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('one who may not trigger is told why, by the mouse and without', async () => {
    const { page, complaints, close } = await open(lockedAccount(), '/spacelift');
    const button = page.getByRole('button', { name: 'Trigger Stack 00000: The stack is locked by ada@example.com.' });
    await button.waitFor();
    assert.equal(await button.getAttribute('aria-disabled'), 'true');
    await button.hover();
    await page.getByRole('tooltip').getByText('The stack is locked').waitFor();
    await button.focus();
    await page.keyboard.press('Enter');
    assert.equal(await dialog(page).count(), 0);
    assertQuiet(complaints);
    await close();
  });

  test('the dialog is for the keyboard too, and gives the focus back', async () => {
    const fake = accountWith({});
    const { page, complaints, close } = await open(fake, '/spacelift');
    const button = page.getByRole('button', { name: 'Trigger Stack 00004', exact: true });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Trigger Stack 00004');
    assert.deepEqual(fake.triggers, []);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
    await page.keyboard.type('x'.repeat(600));
    await page.keyboard.press('Control+Enter');
    await page.waitForFunction(() => document.activeElement?.textContent === 'A run of Stack 00004 was triggered');
    assert.deepEqual(fake.triggers, [{ id: 'stack-00004', reason: 'x'.repeat(500) }]);
    await dialog(page).getByRole('link', { name: 'Open the stack' }).click();
    await page.waitForURL('**/spacelift/stack-00004');
    assertQuiet(complaints);
    await close();
  });

  test('a double click triggers once', async () => {
    const fake = accountWith({});
    const { page, complaints, close } = await open(fake, '/spacelift/stack-00004');
    // Once the first has been let in, all others are told of it, as by a server: the page must not ask it.
    const made = fake.onTrigger;
    fake.onTrigger = (id, reason) => (fake.triggers.length === 1 ? made(id, reason) : { status: 409, json: { error: 'you were there already', code: 'CONFLICT' } });
    await page.getByRole('button', { name: 'Trigger', exact: true }).click();
    await dialog(page).getByRole('button', { name: 'Trigger the run' }).dblclick();
    await dialog(page).getByText('A run of Stack 00004 was triggered').waitFor();
    // Both clicks before React draws anything, as two events of one moment.
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    fake.triggers.length = 0;
    await page.getByRole('button', { name: 'Trigger', exact: true }).click();
    await dialog(page).getByRole('button', { name: 'Trigger the run' }).evaluate((button) => { button.click(); button.click(); });
    await dialog(page).getByText('A run of Stack 00004 was triggered').waitFor();
    await settle(page);
    assert.equal(fake.triggers.length, 1);
    assert.equal(await dialog(page).getByText('A run is already pending').count(), 0);
    assertQuiet(complaints);
    await close();
  });

  test('a conflict says who was faster, when and why, and goes away with it', async () => {
    const pending = { ...lostTrigger, id: '01OTHER', stackId: 'stack-00004', outcome: 'triggered', runId: '01X', state: 'QUEUED', requestedBy: 'user:default/ada', requestedAt: new Date().toISOString(), reason: 'I was first' };
    const fake = accountWith({});
    const { page, complaints, close } = await open(fake, '/spacelift/stack-00004');
    fake.onTrigger = () => {
      fake.stacks[4] = stack(4, { trigger: { allowed: false, pending } });
      return { status: 409, json: { error: 'a run is pending', code: 'CONFLICT', details: { trigger: '01OTHER', requestedBy: pending.requestedBy, requestedAt: pending.requestedAt } } };
    };
    await page.getByRole('button', { name: 'Trigger', exact: true }).click();
    await dialog(page).getByRole('button', { name: 'Trigger the run' }).click();
    await dialog(page).getByText('A run is already pending').waitFor();
    await dialog(page).getByText(/Triggered by .*ada.*I was first/).waitFor();
    assert.ok(await dialog(page).getByRole('button', { name: 'Trigger the run' }).isDisabled());
    fake.stacks[4] = stack(4);
    await fake.push({ type: 'stacks', ids: ['stack-00004'] });
    await dialog(page).getByText('A run is already pending').waitFor({ state: 'detached' });
    assert.ok(await dialog(page).getByRole('button', { name: 'Trigger the run' }).isEnabled());
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('a lost answer: the run of somebody else is not taken for it', async () => {
    const fake = accountWith({ onTrigger: () => ({ status: 202, json: lostTrigger }) });
    fake.runPages.tracked = [run('01THEIRS', 'PLANNING', { triggerId: '01OTHER', requestedBy: 'user:default/guest', createdAt: new Date().toISOString() })];
    const { page, complaints, close } = await open(fake, '/spacelift/stack-00006');
    await page.getByRole('button', { name: 'Trigger', exact: true }).click();
    await dialog(page).getByRole('button', { name: 'Trigger the run' }).click();
    await dialog(page).getByText('Look before you try again').waitFor();
    fake.runPages.tracked = [...fake.runPages.tracked, run('01OURS', 'APPLYING', { triggerId: lostTrigger.id, createdAt: new Date().toISOString() })];
    await fake.push({ type: 'stacks', ids: ['stack-00006'] });
    await dialog(page).getByText('was triggered').waitFor();
    await dialog(page).getByRole('status').getByText('The run is applying').waitFor({ state: 'attached' });
    assertQuiet(complaints);
    await close();
  });

  test('a lost answer: the run appears in the dialog once it is found', async () => {
    const fake = accountWith({ onTrigger: () => ({ status: 202, json: lostTrigger }), stacks: { 6: { trigger: { allowed: true } } } });
    const { page, complaints, close } = await open(fake, '/spacelift/stack-00006');
    await page.getByRole('button', { name: 'Trigger', exact: true }).click();
    fake.stacks[6] = stack(6, { trigger: { allowed: false, reason: 'pending', pending: lostTrigger } });
    await dialog(page).getByRole('button', { name: 'Trigger the run' }).click();
    await dialog(page).getByText('It is being looked for').waitFor();
    fake.stacks[6] = stack(6, { trigger: { allowed: false, pending: { ...lostTrigger, outcome: 'triggered', runId: '01RUNNEW' } } });
    await fake.push({ type: 'stacks', ids: ['stack-00006'] });
    await dialog(page).getByText('was triggered').waitFor();
    await dialog(page).getByText('Planning', { exact: true }).waitFor();
    assert.equal(fake.triggers.length, 1);
    assertQuiet(complaints);
    await close();
  });

  test('older runs are read when they are asked for', async () => {
    const fake = new FakeSpacelift();
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await fake.install(page);
    await page.route('**/api/spacelift-io/v1/stacks/*/runs*', (route) => {
      const older = new URL(route.request().url()).searchParams.get('cursor') === 'next';
      const items = older ? [runs[3], run('01OLD', 'STOPPED', { title: 'The oldest' })] : runs;
      return route.fulfill({ json: older ? { items } : { items, nextCursor: 'next' } });
    });
    await page.goto('/console/spacelift/stack-00004');
    await page.getByRole('button', { name: 'Older runs' }).click();
    await page.getByText('The oldest').waitFor();
    assert.equal(await page.locator('li[data-run]').count(), 5, 'a run that is on two pages is shown once');
    await page.getByRole('button', { name: 'Older runs' }).waitFor({ state: 'hidden' });
    assertQuiet(complaints);
    await close();
  });
});

describe('spacelift in the demo', () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0, 'the server ends cleanly, open event streams or not');
  });

  test('a stack is triggered with a reason, and seen to reach its end without a reload', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/');
    await page.getByRole('link', { name: 'Stacks', exact: true }).click();
    await page.getByText('40 stacks').waitFor();
    await page.evaluate(() => { window.notReloaded = true; });
    await page.getByRole('textbox', { name: 'Find stacks' }).fill('staging-network');
    await page.getByText('1 stack', { exact: true }).waitFor();
    const row = page.locator('tr[data-stack="staging-network"]');
    const states = new Set();
    await page.exposeFunction('saw', (state) => states.add(state));
    await page.evaluate(() => {
      const chip = () => document.querySelector('tr[data-stack="staging-network"] td:nth-child(2) span')?.textContent;
      new MutationObserver(() => window.saw(chip())).observe(document.body, { subtree: true, childList: true, characterData: true });
    });

    await row.getByRole('button', { name: 'Trigger staging-network' }).click();
    const reason = 'The certificate ends tonight';
    await dialog(page).getByRole('textbox', { name: 'Reason' }).fill(reason);
    await dialog(page).getByRole('button', { name: 'Trigger the run' }).click();
    await dialog(page).getByText('A run of staging-network was triggered').waitFor();
    await dialog(page).getByRole('status').getByText(/^The run is (finished|failed|stopped|discarded)$/).waitFor({ timeout: 60_000 });
    const end = (await dialog(page).getByRole('status').textContent()).replace('The run is ', '');
    await dialog(page).getByRole('button', { name: 'Close', exact: true }).last().click();
    await row.locator('td').nth(1).getByText(end, { exact: false }).waitFor({ timeout: 30_000 });
    assert.ok([...states].filter((s) => !/finished|failed/i.test(s)).length > 0, `the list showed ${[...states].join(', ')}`);

    await row.getByRole('link', { name: 'staging-network', exact: true }).click();
    const run = page.locator('li[data-run]').first();
    await run.getByText(reason).waitFor();
    await run.getByText('triggered here by').waitFor();
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    assertQuiet(complaints);
    await close();
  });

  test('an entity shows its stacks', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/spacelift/staging-tracking-api');
    const panel = page.getByRole('region', { name: 'In the catalog' });
    await panel.getByRole('link').first().click();
    const stacks = page.getByRole('region', { name: 'Stacks' });
    await stacks.getByRole('link', { name: 'staging-tracking-api' }).waitFor();
    assertQuiet(complaints);
    await close();
  });
});
