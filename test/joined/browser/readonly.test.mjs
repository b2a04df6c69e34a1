// readOnly is told to both sides: the page hides what Understudy refuses.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, launch, openWindow, picture, signIn } from './chromium.mjs';
import { openStacks, triggerPath } from './spacelift.mjs';
import { startStage } from './stage.mjs';

for (const app of ['app', 'app-legacy']) {
  describe(`${app}, read-only`, () => {
    let stage;
    let browser;
    before(async () => {
      browser = await launch();
      stage = await startStage({ app, env: { APP_CONFIG_spacelift_readOnly: 'true' } });
    });
    after(async () => {
      await browser?.close();
      await stage?.close();
    });

    test('there is nothing to trigger, and a trigger all the same is refused in words', async () => {
      const { page, complaints, close } = await openWindow(browser, stage);
      await signIn(page, '/spacelift');
      await openStacks(page);
      await page.locator('[data-state="FINISHED"]').first().waitFor();
      assert.equal(await page.getByRole('button', { name: /^Trigger / }).count(), 0);
      await picture(page, `${app}-readonly`);
      await page.goto('/probe');
      await page.waitForFunction(() => window.ask);
      const answer = await page.evaluate(() => window.ask('spacelift-io', '/stacks/prod-network/trigger', { method: 'POST' }));
      assert.equal(answer.url, stage.url + triggerPath('prod-network'));
      const { error, code } = JSON.parse(answer.text);
      assert.deepEqual([answer.status, typeof error, code], [403, 'string', 'READ_ONLY'], answer.text);
      assertQuiet(complaints, { failing: true });
      await close();
    });

    test('the app is told what it needs of Spacelift, and no more', async () => {
      const html = await (await fetch(`${stage.url}/spacelift`)).text();
      const [, json] = /<script type="backstage.io\/config">([^]*?)<\/script>/.exec(html);
      const told = JSON.parse(json).map(({ data }) => data);
      const spacelift = Object.assign({}, ...told.map((data) => data.spacelift));
      assert.deepEqual(spacelift, { hostUrl: 'acme.app.spacelift.io', readOnly: true });
      const endpoints = told.findLast((data) => data.discovery).discovery.endpoints;
      assert.deepEqual(endpoints, [
        { target: { external: `${stage.url}/api/proxy/understudy/{{pluginId}}` }, plugins: ['spacelift-io', 'rely', 'rely-migration-plugin'] },
      ]);
    });
  });
}
