// The catalog as people use it: search, filters, order, pages, the way back, and live changes.
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, desktop, launch, openPage, phone, settle } from './browser.mjs';
import { startDemo } from './server.mjs';

describe('catalog', () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const names = (page) => page.locator('tbody tr td:first-child a').allTextContents();
  const summary = (page) => page.getByText(/^[\d,]+ entit(y|ies)/).first().textContent();

  test('filters are in the address, and the back button takes them away', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/catalog');
    await settle(page);
    const all = await summary(page);
    await page.getByRole('button', { name: /^Components/ }).click();
    await page.getByRole('checkbox', { name: /^payments/ }).check();
    await page.waitForURL('**/catalog?kind=component&owner=group:default/payments');
    await settle(page);
    assert.ok((await names(page)).includes('Checkout'));
    assert.notEqual(await summary(page), all);
    await page.goBack();
    await page.goBack();
    await page.waitForURL('**/catalog');
    await settle(page);
    assert.equal(await summary(page), all);
    assertQuiet(complaints);
    await close();
  });

  test('search filters while one types, and from other pages with Enter', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/');
    await page.getByRole('link', { name: /Components$/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('checkout');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/catalog?q=checkout');
    await page.getByRole('link', { name: 'Checkout', exact: true }).first().waitFor();
    await page.getByRole('textbox', { name: 'Search the catalog' }).fill('pricing');
    await page.waitForURL('**/catalog?q=pricing');
    await settle(page);
    assert.ok((await names(page)).every((n) => !/checkout/i.test(n)));
    assertQuiet(complaints);
    await close();
  });

  test('pages follow each other without a gap, and back', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/catalog');
    await settle(page);
    const first = await names(page);
    assert.equal(first.length, 50);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.waitForURL(/cursor=/);
    await page.getByText(/^51–/).waitFor();
    await settle(page);
    const second = await names(page);
    assert.equal(second.filter((n) => first.includes(n)).length <= 2, true, 'titles may repeat, pages not');
    await page.reload();
    await page.getByText(/^51–/).waitFor();
    await settle(page);
    assert.deepEqual(await names(page), second);
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByText(/^1–/).waitFor();
    await settle(page);
    assert.deepEqual(await names(page), first);
    assertQuiet(complaints);
    await close();
  });

  test('order is by name or kind, both ways', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/catalog?kind=user');
    await settle(page);
    const up = await names(page);
    await page.getByRole('button', { name: 'Name' }).click();
    await page.waitForURL(/sort=-name/);
    await settle(page);
    assert.deepEqual(await names(page), up.toReversed());
    assert.equal(await page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort'), 'descending');
    assertQuiet(complaints);
    await close();
  });

  test('a phone has its filters in a drawer', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, viewport: phone });
    await page.goto('/console/catalog');
    await settle(page);
    await page.getByRole('button', { name: 'Filters' }).click();
    const drawer = page.getByRole('dialog', { name: 'Filters' });
    await drawer.getByRole('checkbox', { name: /^deprecated/ }).check();
    await page.waitForURL(/lifecycle=deprecated/);
    await drawer.getByRole('button', { name: 'Show' }).click();
    await drawer.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Filters (1)' }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('the graph leads to neighbours', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/catalog/default/component/checkout');
    await page.getByRole('link', { name: 'Payments team' }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Payments team' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Checkout' }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('a change of a file is on an open page by itself', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/catalog?q=stage-door');
    await page.getByText('Nothing matches').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const file = findFile(join(server.data, 'catalog'), /kind: Component/);
    const before = readFileSync(file);
    appendFileSync(file, '\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: stage-door}\nspec: {type: service, lifecycle: production, owner: payments}\n');
    await page.getByRole('link', { name: 'stage-door' }).waitFor({ timeout: 60_000 });
    writeFileSync(file, before);
    assertQuiet(complaints);
    await close();
  });

  test('who breaks a new file sees why, and that it is mended', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    const file = findFile(join(server.data, 'catalog'), /kind: Component/);
    const before = readFileSync(file);
    const added = (spec) => `${before}\n---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: trapdoor}\nspec: {${spec}}\n`;
    writeFileSync(file, added('type: service, owner: payments'));
    await page.goto('/console/');
    await page.getByText('1 entity not in the catalog').waitFor({ timeout: 60_000 });
    await page.getByText('component:trapdoor').waitFor();
    await page.getByText(file).waitFor();
    await page.getByRole('link', { name: 'Show why' }).click();
    await page.getByRole('heading', { level: 1, name: 'Not in the catalog' }).waitFor();
    await page.getByText("/spec must have required property 'lifecycle'").first().waitFor();
    writeFileSync(file, added('type: service, owner: payments, lifecycle: production'));
    await page.getByText('Nothing is missing').waitFor({ timeout: 60_000 });
    writeFileSync(file, before);
    assertQuiet(complaints);
    await close();
  });

  test('who breaks what was good sees why on the overview, and that all is well again', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    const file = join(server.data, 'catalog/domains/payments/payments.yaml');
    const good = readFileSync(file, 'utf8');
    const bad = good.replace('lifecycle: production, ', '');
    assert.notEqual(bad, good);
    await page.goto('/console/');
    const well = page.getByText('All is well');
    await well.waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    // Twice, because the server's look at the catalog is younger the second time.
    for (const round of [1, 2]) {
      writeFileSync(file, bad);
      await page.getByText("/spec must have required property 'lifecycle'").first().waitFor({ timeout: 30_000 });
      await page.getByText(/^\d+ entit(y|ies) with errors$/).waitFor();
      writeFileSync(file, good);
      await well.waitFor({ timeout: 30_000 }).catch(() => assert.fail(`the panel does not follow, round ${round}`));
    }
    assertQuiet(complaints);
    await close();
  });

  test('owners are called by their titles', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/catalog?kind=component&owner=group:default/payments');
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'Checkout', exact: true }) });
    await row.getByRole('link', { name: 'Payments team' }).waitFor();
    await page.setViewportSize(phone);
    await row.getByText('· Payments team').waitFor();
    assert.equal(await row.getByText('group:').count(), 0);
    await page.goto('/console/catalog/default/component/checkout');
    await page.locator('dl').getByRole('link', { name: 'Payments team' }).waitFor();
    await page.getByRole('tab', { name: /^Relations/ }).click();
    await page.getByRole('link', { name: 'Payments team' }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('the overview shows the first owners, and all of them when asked', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/');
    const panel = page.getByRole('region', { name: 'Owners' });
    const more = panel.getByRole('button', { name: /^Show all \d+$/ });
    await more.waitFor();
    const all = Number((await more.textContent()).match(/\d+/)[0]);
    assert.equal(await panel.getByRole('listitem').count(), 8);
    await more.click();
    await panel.getByRole('listitem').nth(all - 1).waitFor();
    assert.equal(await panel.getByRole('listitem').count(), all);
    await panel.getByRole('link', { name: 'Payments team', exact: true }).waitFor();
    await panel.getByRole('button', { name: 'Show the first 8' }).click();
    assert.equal(await panel.getByRole('listitem').count(), 8);
    assertQuiet(complaints);
    await close();
  });

  for (const viewport of [desktop, phone]) {
    test(`where an entity was read from is legible at ${viewport.width} pixels`, async () => {
      const { page, complaints, close } = await openPage(browser, { url: server.url, viewport });
      await page.goto('/console/catalog/default/component/checkout');
      const file = join(server.data, 'catalog/domains/payments/payments.yaml');
      const path = page.getByTitle(file);
      await path.waitFor();
      assert.match(await path.textContent(), /payments\.yaml$/);
      // A line holds more than a name's letter or two.
      const lines = await path.evaluate((e) => e.getClientRects().length);
      assert.ok(lines <= 3, `the path takes ${lines} lines`);
      assertQuiet(complaints);
      await close();
    });
  }
});

function findFile(folder, content) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && entry.name.endsWith('.yaml') && content.test(readFileSync(path, 'utf8'))) return path;
  }
  throw new Error(`no file in ${folder} has ${content}`);
}
