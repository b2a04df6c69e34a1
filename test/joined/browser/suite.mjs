// What holds in both frontend systems.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, assertSameOrigin, launch, openWindow, picture, signIn } from './chromium.mjs';
import { alert, link, only, openStacks, row, search, seen, shown, stacksPath, state, told, triggerOf, triggerPath } from './spacelift.mjs';
import { startStage } from './stage.mjs';

const stack = 'prod-network';
const another = 'prod-cdn';
const states = [
  'APPLYING', 'CONFIRMED', 'DESTROYING', 'DISCARDED', 'FAILED', 'FINISHED', 'INITIALIZING', 'NONE', 'PLANNING', 'PREPARING', 'PREPARING_APPLY',
  'PREPARING_REPLAN', 'READY', 'REPLAN_REQUESTED', 'STOPPED', 'UNCONFIRMED',
];
const startable = ['DISCARDED', 'FAILED', 'FINISHED', 'NONE', 'STOPPED'];

/**
 * Describes an app of test/joined/app beside a set of packages. `sameRelease` says that the set is of the app's release: beside
 * an older one the app's catalog pages ask for what is not there, and failures, which are slow, tell nothing more.
 */
export function describeApp({ app, set = 'newest', sameRelease = true, configOf = () => undefined }) {
  describe(`${app} beside ${set}`, () => {
    let stage;
    let browser;
    const known = []; // what Node's own pages complain of
    before(async () => {
      browser = await launch();
      stage = await startStage({ app, set });
      await stage.advance('4h'); // what was on its way has arrived, and nothing changes by itself
    });
    after(async () => {
      await browser?.close();
      await stage?.close();
    });

    const on = (name, path, work, options) =>
      test(name, async () => {
        const window = await openWindow(browser, stage, { ...options, config: configOf(stage) });
        try {
          await signIn(window.page, path);
          await work(window);
        } catch (error) {
          await picture(window.page, `${app}-${set}-failed`);
          throw error;
        } finally {
          await window.close();
        }
      });
    const onStacks = (name, work, options) =>
      on(name, '/spacelift', async (window) => {
        await openStacks(window.page);
        await work(window);
      }, options);

    const onNode = sameRelease ? on : () => {};
    onNode('a guest signs in, and the pages of Node work', '/catalog', async ({ page, complaints, wire }) => {
      await page.getByRole('link', { name: 'Edge' }).first().click();
      await page.getByRole('heading', { name: 'Edge' }).first().waitFor();
      await page.goto('/settings');
      await page.getByText('user:default/guest').first().waitFor();
      assert.deepEqual(complaints.filter((c) => !c.startsWith('warning: ')), [], 'errors');
      assertSameOrigin(wire, stage);
      known.push(...complaints);
    });

    onStacks('the page lists the stacks, through Node and from nowhere else', async ({ page, complaints, wire }) => {
      const [asked] = wire.to(stacksPath);
      assert.equal(asked.url, stage.url + stacksPath);
      assert.equal(asked.sent['sec-fetch-site'], 'same-origin');
      assert.match(asked.sent.authorization, /^Bearer /);
      assert.equal(asked.status, 200);
      assert.equal(asked.headers['access-control-allow-origin'], undefined);
      assert.equal(asked.headers['set-cookie'], undefined);
      await shown(page, '1-20 of 40').waitFor();
      const headings = await page.locator('thead th').allInnerTexts();
      assert.deepEqual(headings.map((h) => h.trim().toLowerCase()).filter(Boolean), ['name', 'description', 'labels', 'current state', 'branch', 'space']);
      await picture(page, `${app}-${set}-stacks`);
      await only(page, stack);
      assert.equal(await link(page, stack).getAttribute('href'), `https://acme.app.spacelift.io/stack/${stack}`);
      await row(page, stack).getByRole('button').first().click();
      await page.locator('[class*="MuiDrawer-paperAnchorRight"]').getByRole('heading', { name: stack }).waitFor();
      await picture(page, `${app}-${set}-description`);
      await page.keyboard.press('Escape');
      await search(page, 'FINISHED'); // a state is no field of the table
      await page.getByText('No stacks found').waitFor();
      assertQuiet(complaints, { known });
      assertSameOrigin(wire, stage);
    });

    onStacks('it polls every ten seconds, and what has not changed is not sent again', async ({ page, complaints, wire }) => {
      while (!wire.to(stacksPath).some((r) => r.status === 304)) {
        const answer = await page.waitForResponse((r) => r.url().endsWith(stacksPath), { timeout: 20_000 });
        assert.ok(wire.to(stacksPath).length < 5, 'no poll of five was answered with 304');
        assert.equal(await answer.finished(), null);
        assert.equal((await answer.json()).length, 40);
      }
      const polls = wire.to(stacksPath);
      const unchanged = polls.find((r) => r.status === 304);
      assert.equal(unchanged.sent['if-none-match'], unchanged.headers.etag);
      for (const [i, poll] of polls.entries()) {
        if (i > 0) assert.ok(Math.abs(poll.at - polls[i - 1].at - 10_000) < 2000, `${poll.at - polls[i - 1].at} ms between polls`);
      }
      await shown(page, '1-20 of 40').waitFor();
      assertQuiet(complaints, { known });
    });

    onStacks('a run that is triggered is followed to its end', async ({ page, complaints, wire }) => {
      await only(page, stack);
      assert.equal(await state(page, stack).innerText(), 'FINISHED');
      await stage.patchStack(stack, { autodeploy: true, approval: false });
      const before = (await stage.runs(stack)).length;
      await triggerOf(page, stack).click();
      await triggerOf(page, stack).waitFor({ state: 'detached' });
      const [asked] = wire.to(triggerPath(stack));
      assert.deepEqual([asked.url, asked.method, asked.sent['sec-fetch-site']], [stage.url + triggerPath(stack), 'POST', 'same-origin']);
      const listed = wire.to(stacksPath).filter((r) => r.at > asked.at);
      assert.ok(listed.length > 0, 'the list is asked for at once');
      assert.notEqual(await state(page, stack).innerText(), 'FINISHED');
      await picture(page, `${app}-${set}-triggered`);
      const [run, ...others] = await stage.runs(stack);
      assert.equal(others.length, before);
      assert.equal(run.type, 'TRACKED');
      await stage.advance('10m');
      await row(page, stack).locator('[data-state="FINISHED"]').waitFor(seen);
      await triggerOf(page, stack).waitFor();
      assert.equal((await stage.runs(stack))[0].state, 'FINISHED');
      assert.equal(await alert(page).count(), 0);
      assertQuiet(complaints, { known });
      assertSameOrigin(wire, stage);
    });

    onStacks('only stacks at rest can be triggered', async ({ page, complaints }) => {
      for (const s of states) await stage.patchStack(`state-${s.toLowerCase()}`, { name: `state ${s}`, state: s });
      await stage.sync();
      await search(page, 'state ');
      await shown(page, `1-${states.length} of ${states.length}`).waitFor(seen);
      await page.waitForFunction((n) => document.querySelectorAll('[data-state]').length === n, states.length);
      const icons = await page.getByRole('button', { name: /^Trigger state / }).evaluateAll((list) => list.map((b) => b.getAttribute('aria-label')));
      assert.deepEqual(icons.sort(), startable.map((s) => `Trigger state ${s}`));
      await picture(page, `${app}-${set}-states`);
      for (const s of states) await stage.patchStack(`state-${s.toLowerCase()}`, { deleted: true });
      assertQuiet(complaints, { known });
    });

    on('a page of the app starts an export and waits for its end', '/probe', async ({ page, complaints, wire }) => {
      await page.waitForFunction(() => window.ask);
      const started = await page.evaluate(() => window.ask('rely-migration-plugin', '/migrate?wait=60s', { method: 'POST' }));
      assert.equal(started.url, `${stage.url}/api/proxy/understudy/rely-migration-plugin/migrate?wait=60s`);
      assert.equal(started.status, 200, started.text);
      const { run } = JSON.parse(started.text);
      assert.deepEqual([run.status, run.requestedBy, run.counts.failed], ['succeeded', 'user:default/guest', 0], started.text);
      assert.ok(run.counts.read > 0 && run.counts.create === run.counts.read, started.text);
      const again = await page.evaluate(() => window.ask('rely-migration-plugin', '/migrate?wait=60s', { method: 'POST' }));
      const second = JSON.parse(again.text).run;
      assert.deepEqual([second.status, second.counts.unchanged, second.counts.sent], ['succeeded', run.counts.read, 0], again.text);
      const read = await page.evaluate((id) => window.ask('rely-migration-plugin', `/runs/${id}`), run.id);
      assert.equal(JSON.parse(read.text).status, 'succeeded', read.text);
      assertQuiet(complaints, { known });
      assertSameOrigin(wire, stage);
    });

    if (sameRelease) describeFailures({ app, set, stage: () => stage, onStacks, known });
  });
}

function describeFailures({ app, set, stage, onStacks, known }) {
  const answers = {
    'a 403': { fault: { message: 'unauthorized' }, status: 403, text: /^Spacelift action failed: .*(role|key|may not)/i },
    'a 409': { fault: { message: 'stack is locked', extensions: { code: 'LOCKED' } }, status: 409, text: /^Spacelift action failed: .*stack is locked/ },
    'a 502': { fault: { message: 'Cannot query field "id" on type "Run".' }, status: 502, text: /^Spacelift action failed: \S+/ },
    'a 504, which leaves open what became': { fault: { name: 'http_5xx', status: 502, body: 'html' }, status: 504, text: /^Spacelift action failed: \S+/ },
  };
  for (const [name, { fault, status, text }] of Object.entries(answers)) {
    onStacks(`${name} of a trigger is told in words`, async ({ page, complaints, wire }) => {
      await only(page, another);
      await stage().fail({ name: 'gql_error', field: 'runTrigger', ...fault });
      try {
        await triggerOf(page, another).click();
        assert.match(await told(page), text);
        assert.equal(wire.to(triggerPath(another))[0].status, status);
        await picture(page, `${app}-${set}-${status}`);
        await alert(page).getByRole('button', { name: 'Close' }).click();
        await alert(page).waitFor({ state: 'detached' });
      } finally {
        await stage().heal();
      }
      assertQuiet(complaints, { known, failing: true });
    });
  }

  onStacks('while Understudy is down the page says so; afterwards it goes on by itself', async ({ page, complaints, wire }) => {
    await stage().act('understudy-1', 'stop');
    wire.forget();
    // Node's proxy answers with a line of text, which the official page takes for JSON.
    const text = await told(page);
    assert.match(text, /^Failed to load Spacelift stacks: Unexpected token .*Error occu/);
    assert.equal(wire.to(stacksPath).at(-1).status, 504);
    await page.getByText('No stacks found').waitFor();
    await picture(page, `${app}-${set}-understudy-down`);
    await page.getByRole('link', { name: 'Catalog' }).first().click();
    await page.getByRole('link', { name: 'Edge' }).first().waitFor(); // Node's own pages do not mind
    await page.goBack();
    await told(page);
    await stage().act('understudy-1', 'start');
    await alert(page).waitFor({ state: 'detached', ...seen });
    await page.locator('[data-state]').first().waitFor(seen);
    assertQuiet(complaints, { known, failing: true });
  });

  onStacks('RETRY asks at once', async ({ page, complaints }) => {
    await stage().act('understudy-1', 'stop');
    await told(page);
    await stage().act('understudy-1', 'start');
    const asked = page.waitForResponse((r) => r.url().endsWith(stacksPath));
    await page.getByRole('button', { name: 'RETRY' }).click();
    assert.equal((await asked).status(), 200);
    await alert(page).waitFor({ state: 'detached' });
    assertQuiet(complaints, { known, failing: true });
  });

  onStacks('a Node that comes back is served as before', async ({ page, complaints }) => {
    await stage().act('node', 'kill');
    assert.match(await told(page), /^Failed to load Spacelift stacks: Failed to fetch/);
    await picture(page, `${app}-${set}-node-down`);
    await stage().act('node', 'start');
    await alert(page).waitFor({ state: 'detached', ...seen });
    await page.locator('[data-state]').first().waitFor(seen);
    assertQuiet(complaints, { known, failing: true });
  });

  onStacks('a token is renewed before it ends', async ({ page, complaints, wire }) => {
    const first = wire.to(stacksPath).at(-1).sent.authorization;
    wire.forget();
    await page.clock.fastForward('56:00'); // of the hour that it has
    await page.waitForResponse((r) => r.url().endsWith(stacksPath) && r.status() === 200);
    assert.ok(wire.to('/api/auth/guest/refresh').length > 0, 'the app asks for a new token');
    const next = wire.to(stacksPath).at(-1);
    assert.notEqual(next.sent.authorization, first);
    assert.equal(await alert(page).count(), 0);
    assertQuiet(complaints, { known });
  }, { clock: true });
}
