// Coming and going: sign-in, reload, sign-out, tokens that end, and the server's own redirects.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answer, assertQuiet, failure, launch, openPage, settle } from './browser.mjs';
import { startDemo } from './server.mjs';

describe('session', () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    assert.equal(await server?.stop(), 0, 'the server ends cleanly, open event streams or not');
  });

  test('the server\'s address leads to the console, and a guest may enter', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
    await page.goto('/');
    await page.waitForURL('**/console/');
    await page.getByRole('button', { name: 'Enter as a guest' }).click();
    await page.getByRole('link', { name: 'Catalog', exact: true }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const stored = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
    assert.doesNotMatch(stored, /eyJ/, 'no token is stored');

    await page.reload();
    await page.getByRole('link', { name: 'Catalog', exact: true }).waitFor();

    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Enter as a guest' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Enter as a guest' }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('sign-in leads to where one wanted to go', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
    await page.goto('/console/catalog/default/component/checkout?tab=yaml');
    await page.getByRole('button', { name: 'Enter as a guest' }).click();
    await page.getByRole('region', { name: 'Entity as YAML' }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('a token that ended is renewed without a word', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    let refused = 0;
    await page.route('**/api/catalog/entities/by-query', (route) => {
      if (refused++ > 0) return route.continue();
      return route.fulfill({ status: 401, json: failure(401, 'AuthenticationError', 'Invalid token') });
    });
    await page.goto('/console/catalog');
    await page.getByRole('table').waitFor();
    await settle(page);
    assert.ok(refused >= 2);
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('a session that cannot be renewed ends with a word, and keeps the place', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url });
    await page.goto('/console/catalog?kind=api');
    // The titles of owners are asked for last: from here on nothing asks but the click.
    await page.getByRole('table').getByRole('link', { name: 'Payments team' }).first().waitFor();
    await answer(page, 'auth/guest/refresh', failure(403, 'NotAllowedError', 'no guests today'), 403);
    await answer(page, 'catalog/**', failure(401, 'AuthenticationError', 'Invalid token'), 401);
    await page.getByRole('button', { name: /^Components/ }).click();
    await page.getByText('Your session has ended').waitFor();
    await page.unroute('**/api/auth/guest/refresh');
    await page.unroute('**/api/catalog/**');
    await page.getByRole('button', { name: 'Enter as a guest' }).click();
    await page.getByRole('table').waitFor();
    assert.match(page.url(), /\/console\/catalog\?kind=component/);
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('a token that is none is refused with a reason', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
    await page.goto('/console/');
    await page.getByRole('button', { name: 'Use an access token' }).click();
    await page.getByRole('textbox', { name: 'Access token' }).fill('nonsense');
    await page.getByRole('button', { name: 'Enter with the token' }).click();
    await page.getByRole('alert').waitFor();
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('the theme is chosen, kept, and there before the first paint', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, theme: 'light' });
    await page.goto('/console/');
    await page.getByRole('button', { name: 'Colour scheme' }).click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
    assert.equal(await scheme(), 'dark');
    await page.route('**/assets/*.js', (route) => route.abort());
    await page.reload();
    assert.equal(await scheme(), 'dark', 'set by theme.js, before any of the page\'s code');
    await page.unroute('**/assets/*.js');
    assertQuiet(complaints, { failing: true });
    await close();
  });
});
