// The console with the keyboard alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertQuiet, launch, openPage, phone, settle } from './browser.mjs';
import { startDemo } from './server.mjs';

describe('keyboard', () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const focused = (page) => page.evaluate(() => {
    const e = document.activeElement;
    return (e?.getAttribute('aria-label') ?? e?.textContent ?? '').trim();
  });

  /** Tabs on until the focus is on something of that name, and checks that all on the way can be seen to have it. */
  async function tabTo(page, name, most = 60) {
    for (let i = 0; i < most; i++) {
      await page.keyboard.press('Tab');
      const seen = await page.evaluate(() => {
        const e = document.activeElement;
        if (!e || e === document.body) return true;
        const style = getComputedStyle(e);
        const around = e.parentElement ? getComputedStyle(e.parentElement) : style;
        // Fields show it by their border, everything else by an outline.
        return e.matches('input, textarea') || [style, around].some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0);
      });
      assert.ok(seen, `the focus on "${await focused(page)}" cannot be seen`);
      if (name.test(await focused(page))) return;
    }
    assert.fail(`Tab does not reach ${name}; the focus is on "${await focused(page)}"`);
  }

  test('from sign-in to the YAML of an entity and out again', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
    await page.goto('/console/');
    await page.getByRole('button', { name: 'Enter as a guest' }).waitFor();
    await tabTo(page, /^Enter as a guest$/);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: /Components$/ }).waitFor();

    await page.evaluate(() => document.activeElement?.blur());
    await tabTo(page, /^Skip to the content$/, 3);
    await page.keyboard.press('Enter');
    await tabTo(page, /Components$/, 3);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/catalog?kind=component');
    await settle(page);

    await page.keyboard.press('/');
    assert.equal(await focused(page), 'Search the catalog');
    await page.keyboard.type('checkout');
    await page.waitForURL(/q=checkout/);
    await settle(page);
    await page.keyboard.press('Escape');
    await tabTo(page, /^Skip to the list$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Checkout$/, 10);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Checkout' }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'content', 'a new page has the focus');

    await tabTo(page, /^Overview$/);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.getByRole('region', { name: 'Entity as YAML' }).waitFor();

    await page.keyboard.press('Shift+Tab');
    await page.evaluate(() => document.activeElement?.blur());
    await tabTo(page, /^Account/);
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor({ state: 'hidden' });
    assert.match(await focused(page), /^Account/, 'the focus is back where it was');
    assertQuiet(complaints);
    await close();
  });

  test('the navigation of a phone', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, viewport: phone });
    await page.goto('/console/');
    await page.getByRole('link', { name: /Components$/ }).waitFor();
    await tabTo(page, /^Open the navigation$/, 5);
    await page.keyboard.press('Enter');
    await tabTo(page, /^System$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'System' }).waitFor();
    await page.getByRole('button', { name: 'Open the navigation' }).waitFor();
    await page.getByRole('button', { name: 'Open the navigation' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Open the navigation' }).waitFor();
    assertQuiet(complaints);
    await close();
  });
});
