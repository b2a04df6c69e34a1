// The console of an Understudy that is joined to a Backstage: sign-in there, its catalog, and what the pages say where the
// browser does not let them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answer, assertQuiet, launch, lookAtAll, openPage, settle } from './browser.mjs';
import { operatorToken, startJoined, userToken } from './joined.mjs';

const allowing = (origin) => ({ origin: [origin], credentials: true });

/** Notes where requests go, and which of them carry a token. */
function watch(page) {
  const seen = [];
  page.on('request', (request) => seen.push({ url: request.url(), token: request.headers().authorization !== undefined }));
  return {
    to: (part) => seen.filter((r) => r.url.includes(part)),
    withToken: () => [...new Set(seen.filter((r) => r.token).map((r) => new URL(r.url)).map((u) => u.origin + u.pathname.split('/').slice(0, 3).join('/')))].sort(),
  };
}

async function paste(page, token) {
  await page.getByRole('textbox', { name: 'Access token' }).fill(token);
  await page.getByRole('button', { name: 'Enter with the token' }).click();
}

const checked = {
  checkedAt: new Date(Date.now() - 90_000).toISOString(), tookMillis: 2340, title: 'Acme Parcel', version: 'v0.3.0', passed: 3, warnings: 1, failed: 1, skipped: 1,
  steps: [
    { id: 'config', title: 'the configuration', outcome: 'passed', detail: 'no mistakes, 0 warnings' },
    { id: 'database', title: 'the database can be written to and survives a crash', outcome: 'passed', detail: 'PostgreSQL 18.1 at db.example.com:5432, synchronous_commit on' },
    { id: 'peer.catalog.token', title: 'a token of ours, accepted by the catalog', outcome: 'failed', detail: 'http://backstage:7007/api/catalog answers 401: Received a plugin token where the source \'rely\' plugin unexpectedly does not have a JWKS endpoint', fix: 'Add rely to the plugins of the entry of discovery.endpoints that leads here, in the configuration of Backstage.' },
    { id: 'peer.auth.clock', title: 'the clock of auth\'s backend', outcome: 'warning', detail: 'it is 4 s ahead of ours', fix: 'Let both machines take their time from the same NTP servers: tokens have no leeway.' },
    { id: 'spacelift.account', title: 'the Spacelift account', outcome: 'passed', detail: 'acme.app.spacelift.io, 40 stacks' },
    { id: 'rely.token', title: 'Rely\'s token', outcome: 'skipped', detail: 'no section rely' },
  ],
};

describe('joined', { concurrency: 2 }, () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startJoined({ cors: allowing }), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  const enter = async (options = {}) => {
    const opened = await openPage(browser, { url: server.url, ...options });
    return { ...opened, requests: watch(opened.page) };
  };

  test('one signs in at Backstage, stays so after a reload, and sees its catalog', async () => {
    const { page, complaints, close, requests } = await enter({ signedIn: false });
    await page.goto('/console/');
    await page.getByText(`You sign in at ${new URL(server.backstage).host}`).waitFor();
    await page.getByRole('button', { name: 'Enter as a guest' }).click();
    await page.getByRole('link', { name: /^\d+ Components$/ }).waitFor();
    await page.getByText('Joined', { exact: true }).waitFor();
    await settle(page);
    assert.equal(await page.getByText('Needs attention').count(), 0);
    await page.getByRole('button', { name: 'Account: ada.okafor' }).click();
    await page.getByText(`Signed in by ${new URL(server.backstage).host}`).waitFor();
    await page.keyboard.press('Escape');
    const stored = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]));
    assert.doesNotMatch(stored, /eyJ/, 'no token is stored');

    await page.reload();
    await page.getByRole('link', { name: /^\d+ Components$/ }).click();
    await page.getByRole('table').getByRole('link', { name: 'Checkout', exact: true }).waitFor();
    await page.getByRole('textbox', { name: 'Search the catalog' }).fill('ledger');
    await page.getByText('with “ledger”').waitFor();
    await page.getByRole('table').getByRole('link', { name: 'Ledger', exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Ledger' }).waitFor();
    await settle(page);
    const link = page.getByRole('link', { name: 'Open in Backstage' });
    assert.equal(await link.getAttribute('href'), `${server.backstage}/catalog/default/component/ledger`);

    assert.deepEqual(requests.withToken(), [`${server.backstage}/api/catalog`, `${server.url}/api/understudy`, ...(requests.to(`${server.url}/api/spacelift-io`).length > 0 ? [`${server.url}/api/spacelift-io`] : [])].sort());
    assert.equal(requests.to('/v1/events').filter((r) => r.url.includes('understudy')).length, 0, 'there is no stream of a remote catalog');
    assert.equal(requests.to('/v1/attention').length + requests.to('/entities/unprocessed').length, 0);
    assertQuiet(complaints);
    await close();
  });

  test('what the filters choose is asked in the words of older releases too', async () => {
    const { page, complaints, close, requests } = await enter();
    await page.goto('/console/catalog?kind=component&owner=group:default/payments&q=check');
    await page.getByRole('table').getByRole('link', { name: 'Checkout', exact: true }).waitFor();
    await settle(page);
    const asked = requests.to('/api/catalog/entities/by-query').map((r) => new URL(r.url).searchParams);
    assert.ok(asked.some((p) => p.get('filter') === 'kind=component,relations.ownedBy=group:default/payments' && p.get('fullTextFilterTerm') === 'check'), asked.join('\n'));
    assertQuiet(complaints);
    await close();
  });

  test('stacks are there as ever', async () => {
    const { page, complaints, close } = await enter();
    await page.goto('/console/spacelift');
    await page.getByText(/^\d+ stacks/).first().waitFor();
    await page.locator('tr[data-stack]').first().waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('what only a catalog of one\'s own can tell is not promised', async () => {
    const { page, complaints, close } = await enter();
    await page.goto('/console/unprocessed');
    await page.getByText('The catalog is Backstage’s').waitFor();
    await page.goto('/console/catalog/default/component/no-such-thing');
    await page.getByText('in Backstage’s catalog, or none that you may see').waitFor();
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('a provider of the OAuth sort has a window, whose answer is taken from Backstage alone', async () => {
    const { page, complaints, close } = await enter({ signedIn: false });
    await answer(page, 'understudy/v1/bootstrap', { ...(await (await fetch(`${server.url}/api/understudy/v1/bootstrap`)).json()), signIn: [{ id: 'github', env: 'development' }] });
    const identity = { token: await userToken(server.backstage), expiresInSeconds: 3600, identity: { type: 'user', userEntityRef: 'user:default/ada.okafor', ownershipEntityRefs: [] } };
    let started;
    await page.context().route(`${server.backstage}/api/auth/github/start*`, (route) => {
      started = new URL(route.request().url()).searchParams;
      const message = JSON.stringify({ type: 'authorization_response', response: { profile: {}, backstageIdentity: identity } });
      return route.fulfill({ contentType: 'text/html', body: `<script>opener.postMessage(${message}, ${JSON.stringify(server.url)}); setTimeout(close, 100)</script>` });
    });
    let renewed = 0;
    await page.context().route(`${server.backstage}/api/auth/github/refresh*`, (route) => {
      const headers = { 'access-control-allow-origin': server.url, 'access-control-allow-credentials': 'true', 'access-control-allow-headers': 'x-requested-with' };
      if (route.request().method() === 'OPTIONS') return route.fulfill({ status: 204, headers });
      renewed++;
      return route.fulfill({ headers, json: { profile: {}, backstageIdentity: identity } });
    });
    await page.goto('/console/');
    await page.getByRole('button', { name: 'Sign in with GitHub' }).click();
    await page.getByRole('link', { name: /^\d+ Components$/ }).waitFor();
    assert.equal(started.get('origin'), server.url);
    assert.equal(started.get('env'), 'development');
    await page.reload();
    await page.getByRole('link', { name: /^\d+ Components$/ }).waitFor();
    assert.equal(renewed, 1, 'after a reload the cookie is asked');
    assertQuiet(complaints);
    await close();
  });

  test('a provider that Backstage does not have is told with what to configure', async () => {
    const { page, complaints, close } = await enter({ signedIn: false });
    await answer(page, 'understudy/v1/bootstrap', { ...(await (await fetch(`${server.url}/api/understudy/v1/bootstrap`)).json()), signIn: [{ id: 'awsalb' }] });
    await page.goto('/console/');
    await page.getByRole('button', { name: 'Sign in with AWS' }).click();
    await page.getByText('Backstage has no provider awsalb').waitFor();
    await page.getByText("Unknown auth provider 'awsalb'").waitFor();
    await lookAtAll(page, { name: 'joined sign-in unknown provider', see: (p) => p.getByText('Backstage has no provider awsalb') });
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('the self-check is run from the system page, and its steps are shown', async () => {
    const { page, complaints, close } = await enter({ signedIn: false });
    await page.goto('/console/system/check');
    await page.getByRole('button', { name: 'Use an access token' }).click();
    await paste(page, operatorToken);
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.getByRole('region', { name: 'Self-check' }).getByText('The configuration', { exact: false }).waitFor();
    await page.getByText(/^Checked /).first().waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Use an access token' }).click();
    await paste(page, operatorToken);
    await page.getByRole('region', { name: 'Self-check' }).waitFor();
    await page.getByRole('tab', { name: 'Plugins' }).click();
    await page.getByRole('cell', { name: `${server.backstage}/api/catalog` }).waitFor();
    assertQuiet(complaints);
    await close();
  });

  test('who is signed in by Backstage is told that the check is for services', async () => {
    const { page, complaints, close } = await enter();
    await page.goto('/console/system/check');
    await page.getByText('backend.auth.externalAccess').waitFor();
    await settle(page);
    assertQuiet(complaints, { failing: true });
    await close();
  });

  test('paper gets the steps in the light, and nothing around them', async () => {
    const { page, complaints, close } = await enter({ theme: 'dark' });
    await answer(page, 'understudy/v1/check', checked);
    await page.goto('/console/system/check');
    await page.getByText('4 s ahead').waitFor();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    assert.equal(await page.getByRole('navigation').first().isVisible(), false);
    assert.equal(await page.getByRole('button', { name: 'Check now' }).isVisible(), false);
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    assert.equal(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme), 'light');
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    assert.equal(await page.evaluate(() => document.documentElement.dataset.mantineColorScheme), 'dark');
    assertQuiet(complaints);
    await close();
  });

  for (const { name, path, signedIn, when, act, see, failing } of [
    { name: 'joined sign-in', path: '/', signedIn: false, see: (p) => p.getByText('You sign in at') },
    { name: 'joined sign-in token', path: '/', signedIn: false, act: async (p) => { await p.getByRole('button', { name: 'Use an access token' }).click(); await p.getByRole('textbox', { name: 'Access token' }).fill(await userToken(server.backstage)); }, see: (p) => p.getByText('user:default/ada.okafor, ends') },
    { name: 'joined overview', path: '/', see: (p) => p.getByRole('link', { name: /^\d+ Components$/ }) },
    { name: 'joined entity', path: '/catalog/default/component/checkout', see: (p) => p.getByRole('link', { name: 'Open in Backstage' }) },
    { name: 'joined plugins', path: '/system/plugins', see: (p) => p.getByRole('cell', { name: /^catalog/ }) },
    { name: 'check found', path: '/system/check', when: (p) => answer(p, 'understudy/v1/check', checked), see: (p) => p.getByText('4 s ahead') },
    { name: 'check none', path: '/system/check', when: (p) => answer(p, 'understudy/v1/check', { ...checked, checkedAt: undefined, steps: [], passed: 0, warnings: 0, failed: 0, skipped: 0 }), see: (p) => p.getByText('Not checked yet') },
    { name: 'check error', path: '/system/check', failing: true, see: (p) => p.getByText('You may not see this') },
    {
      name: 'check running', path: '/system/check',
      when: (p) => p.route('**/api/understudy/v1/check', (route) => (route.request().method() === 'POST' ? undefined : route.fulfill({ json: checked }))),
      act: (p) => p.getByRole('button', { name: 'Check now' }).click(), see: (p) => p.getByText('This can take a minute'),
    },
  ]) {
    test(`${name} looks well`, async () => {
      const { page, complaints, close } = await enter({ signedIn });
      await when?.(page);
      await page.goto(`/console${path}`);
      await act?.(page);
      await see(page).first().waitFor();
      await settle(page);
      await lookAtAll(page, { name, see });
      assertQuiet(complaints, { failing });
      await close();
    });
  }
});

describe('joined, and Backstage allows no calls', () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startJoined(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  /** Chromium tells of each call that is not allowed; that is how these pages learn of it. */
  const assertBlocked = (complaints) => assertQuiet(complaints.filter((c) => !/blocked by CORS policy/.test(c)), { failing: true });

  test('the page says which line is missing, and takes a pasted token instead', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
    await page.goto('/console/');
    await page.getByText('Backstage does not let this page in').waitFor();
    assert.equal(await page.locator('pre').textContent(), `backend:\n  cors: {origin: ['${server.url}'], credentials: true}`);
    await settle(page);
    await lookAtAll(page, { name: 'joined sign-in blocked', see: (p) => p.getByText('Backstage does not let this page in') });
    await paste(page, 'nonsense');
    await page.getByText('This server does not take the token').waitFor();
    await page.getByText('Illegal token').waitFor();
    const old = `${btoa('{}')}.${btoa(JSON.stringify({ sub: 'user:default/ada.okafor', exp: Math.floor(Date.now() / 1000) - 7200 }))}.x`;
    await paste(page, old);
    await page.getByText('The token has ended').waitFor();
    await page.getByText('ended 2 hours ago').waitFor();
    await paste(page, `Bearer ${await userToken(server.backstage)}`);

    await page.getByText('The catalog is Backstage’s').waitFor();
    await settle(page);
    await lookAtAll(page, { name: 'joined overview blocked', see: (p) => p.getByText('The catalog is Backstage’s') });
    await page.getByRole('button', { name: 'Account: ada.okafor' }).click();
    await page.getByText(/By a pasted token, which ends in/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Stacks' }).click();
    await page.locator('tr[data-stack]').first().waitFor();
    await page.getByRole('link', { name: 'Catalog', exact: true }).click();
    await page.getByRole('link', { name: `${server.backstage}/catalog` }).waitFor();
    await settle(page);
    await lookAtAll(page, { name: 'joined catalog blocked', see: (p) => p.getByText('The catalog is Backstage’s') });
    await page.getByRole('textbox', { name: 'Search the catalog' }).fill('checkout');
    await page.getByText('Backstage does not let this page in').waitFor();
    assertBlocked(complaints);
    await close();
  });

  test('an entity is to be seen at Backstage', async () => {
    const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
    await page.goto('/console/catalog/default/component/checkout');
    await paste(page, operatorToken);
    await page.getByRole('link', { name: `${server.backstage}/catalog/default/component/checkout` }).waitFor();
    assertBlocked(complaints);
    await close();
  });
});

describe('joined, and Backstage allows calls without cookies', () => {
  test('the page says so', async () => {
    const [server, browser] = await Promise.all([startJoined({ cors: (origin) => ({ origin: [origin] }) }), launch()]);
    try {
      const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
      await page.goto('/console/');
      await page.getByText('backend.cors has no credentials: true').waitFor();
      // A token of this server is no token of Backstage: its catalog refuses it, and one stays signed in here.
      await paste(page, operatorToken);
      await page.getByText('Backstage does not accept this token').waitFor();
      await page.getByText('Illegal token').waitFor();
      await page.getByRole('link', { name: 'System', exact: true }).first().click();
      await page.getByRole('cell', { name: /^catalog/ }).waitFor();
      assertQuiet(complaints.filter((c) => !/blocked by CORS policy/.test(c)), { failing: true });
      await close();
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});

describe('joined, and Backstage is down', () => {
  test('the page says so, and lets one in whom this server knows', async () => {
    const [server, browser] = await Promise.all([startJoined({ cors: allowing }), launch()]);
    try {
      const { page, complaints, close } = await openPage(browser, { url: server.url, signedIn: false });
      await page.route(`${server.backstage}/**`, (route) => route.abort('connectionrefused'));
      await page.goto('/console/');
      await page.getByText('Backstage does not answer').waitFor();
      await settle(page);
      await lookAtAll(page, { name: 'joined sign-in down', see: (p) => p.getByText('Backstage does not answer') });
      await paste(page, operatorToken);
      await page.getByText('The catalog is Backstage’s').waitFor();
      await page.unroute(`${server.backstage}/**`);
      await page.getByRole('link', { name: 'Stacks' }).click();
      await page.locator('tr[data-stack]').first().waitFor();
      assertQuiet(complaints, { failing: true });
      await close();
    } finally {
      await browser.close();
      await server.stop();
    }
  });
});
