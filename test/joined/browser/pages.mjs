// The pages of integrations/backstage/frontend, as a person goes through them; they are the same in both frontend systems.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertSameOrigin, launch, openWindow, picture, signIn } from './chromium.mjs';
import { seen } from './spacelift.mjs';
import { startStage } from './stage.mjs';

const stack = 'prod-network';
const api = '/api/proxy/understudy/spacelift-io/v1';
const rely = '/api/proxy/understudy/rely';

const state = (scope, name) => scope.locator(`[data-state="${name}"]`);
const noObject = async (page) => assert.doesNotMatch(await page.locator('body').innerText(), /\[object Object\]|undefined/);

/** Opens the dialog of a trigger, says why, and answers with the id of the run. */
async function trigger(page, reason) {
  await page.getByRole('button', { name: 'Trigger', exact: true }).click();
  await page.getByLabel('Reason').fill(reason);
  await page.getByRole('button', { name: 'Trigger the run' }).click();
  const told = await page.getByText(/^Run \S+ was triggered$/).innerText();
  return told.split(' ')[1];
}

/**
 * Describes an app with our pages; `spacelift` is where it has the one of Spacelift. `short` leaves out all but the list, and `readOnly`
 * tells that nothing may be triggered.
 */
export function describePages({ app, set = 'newest', spacelift, tab, env = {}, short = false, readOnly = false }) {
  describe(`pages in ${app} beside ${set}, at ${spacelift}`, () => {
    let stage;
    let browser;
    before(async () => {
      browser = await launch();
      stage = await startStage({ app, set, env });
      await stage.advance('4h'); // what was on its way has arrived, and nothing changes by itself
      await stage.sync();
    });
    after(async () => {
      await browser?.close();
      await stage?.close();
    });

    const on = (name, path, work) =>
      test(name, async () => {
        const window = await openWindow(browser, stage);
        const { page, complaints, wire } = window;
        try {
          await signIn(page, path);
          await work(window);
          await noObject(page);
          assert.deepEqual(complaints.filter((c) => !c.startsWith('warning: ') && !c.startsWith('error: Failed to load resource: ')), []);
          assertSameOrigin(wire, stage);
        } catch (error) {
          await picture(page, `pages-${app}-${set}-failed`);
          throw error;
        } finally {
          await window.close();
        }
      });

    on('stacks are listed, filtered by the server, and paged', spacelift, async ({ page, wire }) => {
      await page.getByText('Stacks (40)').waitFor(seen);
      const first = await page.locator('tbody tr a').first().innerText();
      const triggers = page.getByRole('button', { name: /^Trigger / });
      if (readOnly) assert.equal(await triggers.count(), 0);
      else await triggers.first().waitFor();
      await picture(page, `pages-${app}-${set}${readOnly ? '-readonly' : ''}-stacks`);
      await page.getByRole('button', { name: 'Next Page' }).click();
      await page.getByText('21-40 of 40').filter({ visible: true }).waitFor();
      assert.notEqual(await page.locator('tbody tr a').first().innerText(), first);
      await page.getByLabel('Search').fill('prod-net');
      await page.getByText('Stacks (1)').waitFor();
      await page.getByRole('link', { name: stack, exact: true }).waitFor();
      assert.match(page.url(), /[?]q=prod-net$/);
      await page.getByLabel('Search').fill('');
      await page.getByText('Stacks (40)').waitFor();
      await page.getByLabel(/^Failed \(\d+\)$/).check();
      await page.getByText(/^Stacks \(\d\)$/).waitFor();
      assert.deepEqual([...new Set(await page.locator('tbody [data-state]').evaluateAll((all) => all.map((s) => s.dataset.state)))], ['FAILED']);
      await page.reload();
      await page.getByText(/^Stacks \(\d\)$/).waitFor(); // the filter is in the address
      assert.ok(wire.to(`${api}/stacks`).length > 0);
    });
    if (short) return;

    on('a run is triggered with a reason, followed by its log, confirmed, and finished', `${spacelift}/stacks/${stack}`, async ({ page, wire }) => {
      await stage.patchStack(stack, { autodeploy: false, approval: false });
      await page.getByRole('heading', { name: stack }).first().waitFor(seen);
      const reason = `Because of ${app}`;
      const run = await trigger(page, reason);
      const [post] = wire.to(`${api}/stacks/${stack}/runs`).filter((r) => r.method === 'POST');
      assert.equal(post.status, 201);
      assert.equal(post.sent['idempotency-key'], undefined);
      await page.getByRole('button', { name: 'Follow the run' }).click();
      await page.waitForURL(`**${spacelift}/stacks/${stack}/runs/${run}`);
      await page.getByText(reason).first().waitFor(seen);
      await stage.advance('20s');
      await page.getByText('── Planning ──').or(page.getByText('── Initializing ──')).or(page.getByText('Refreshing state')).first().waitFor(seen);
      await picture(page, `pages-${app}-${set}-log`);
      await stage.advance('2m');
      await page.getByRole('button', { name: 'Confirm', exact: true }).click({ timeout: seen.timeout });
      await page.getByLabel('Note').fill('Looks good');
      await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached', ...seen });
      await stage.advance('10m');
      await state(page, 'FINISHED').first().waitFor(seen);
      await page.getByText('Complete', { exact: true }).waitFor(seen);
      assert.equal(await page.getByRole('button', { name: 'Confirm', exact: true }).count(), 0);
      await picture(page, `pages-${app}-${set}-run`);
      const logs = wire.to(`${api}/stacks/${stack}/runs/${run}/logs`);
      assert.ok(logs.length > 0 && logs.every((r) => r.url.includes('follow=true')), 'the log comes as a stream, through Node');
      const [made] = await stage.runs(stack);
      assert.deepEqual([made.id, made.state], [run, 'FINISHED']);
      await page.getByRole('link', { name: stack }).first().click();
      await page.getByText(reason).first().waitFor(seen); // among the runs of the stack
    });

    on('a run is discarded, and others see it without asking', `${spacelift}/stacks/prod-cdn`, async ({ page }) => {
      await stage.patchStack('prod-cdn', { autodeploy: false, approval: false });
      await page.getByRole('heading', { name: 'prod-cdn' }).first().waitFor(seen);
      await page.getByRole('button', { name: 'Trigger', exact: true }).waitFor(seen);
      const run = await trigger(page, '');
      await page.getByRole('button', { name: 'Close' }).click();
      await stage.advance('10m');
      await state(page.locator('tbody'), 'UNCONFIRMED').first().waitFor(seen);
      await page.locator(`tbody a[href$="${run}"]`).click();
      await page.getByRole('button', { name: 'Discard' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();
      await state(page, 'DISCARDED').first().waitFor(seen);
    });

    on('an entity has a card with the last run, and a tab with its stacks', '/catalog/default/component/edge', async ({ page }) => {
      await page.getByText('Last run').waitFor(seen);
      await page.getByText('Run state').scrollIntoViewIfNeeded();
      await picture(page, `pages-${app}-${set}-card`);
      await page.locator(tab).first().click();
      await page.getByRole('link', { name: stack, exact: true }).waitFor(seen);
      await page.getByRole('tab', { name: 'Proposed' }).waitFor();
      await picture(page, `pages-${app}-${set}-tab`);
      await page.getByRole('link', { name: stack, exact: true }).click();
      await page.waitForURL(`**${spacelift}/stacks/${stack}`);
      await page.goto('/catalog/default/system/network');
      await page.getByRole('heading', { name: 'network' }).first().waitFor();
      assert.equal(await page.locator(tab).count(), 0, 'an entity that names no stack has no tab');
    });

    on('an export is run, watched until it is finished, and found in the history', '/rely-migration-plugin', async ({ page, wire }) => {
      await page.getByRole('button', { name: 'Dry run' }).click({ timeout: seen.timeout });
      await page.getByText('by hand, dry run').first().waitFor(seen);
      await page.getByRole('button', { name: 'Run now' }).click({ timeout: seen.timeout });
      await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
      await page.getByText('Under way').waitFor(seen);
      await picture(page, `pages-${app}-${set}-export`);
      await page.getByText('Last run').waitFor(seen);
      await page.locator('[data-status="succeeded"]').first().waitFor(seen);
      const [post] = wire.to(`${rely}/migrate`).filter((r) => r.method === 'POST' && !r.url.includes('dryRun'));
      assert.equal(post.status, 202);
      await page.getByRole('link', { name: 'Details of this run' }).click();
      await page.getByText('sent, create').first().waitFor(seen);
      await picture(page, `pages-${app}-${set}-exported`);
      await page.getByRole('link', { name: 'All runs' }).click();
      await page.getByText('History').waitFor();
      assert.ok((await page.locator('tbody [data-status]').count()) >= 2);
    });
  });
}
