// The browser, and a window that remembers what the app asked and complained of.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const binaries = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'];
const output = fileURLToPath(new URL('output/', import.meta.url));

export function launch() {
  const executablePath = binaries.find((path) => path && existsSync(path));
  assert.ok(executablePath, 'no Chromium: install it, or name it in CHROMIUM');
  return chromium.launch({ executablePath, args: flags });
}

/** What the page asked of the network, as Chromium itself saw it: preflights and answers of 304 included. */
class Wire {
  requests = [];
  #byId = new Map();

  static async of(page) {
    const wire = new Wire();
    const session = await page.context().newCDPSession(page);
    session.on('Network.requestWillBeSent', ({ requestId, request, type }) => {
      const entry = wire.#entry(requestId);
      Object.assign(entry, { url: request.url, method: request.method, type, at: performance.now() });
      wire.requests.push(entry);
    });
    session.on('Network.requestWillBeSentExtraInfo', ({ requestId, headers }) => Object.assign(wire.#entry(requestId).sent, lower(headers)));
    session.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode, headers }) => {
      Object.assign(wire.#entry(requestId), { status: statusCode, headers: lower(headers) });
    });
    await session.send('Network.enable');
    return wire;
  }

  // Chromium may tell of the headers before it tells of the request.
  #entry(id) {
    if (!this.#byId.has(id)) this.#byId.set(id, { sent: {}, status: 0, headers: {} });
    return this.#byId.get(id);
  }

  to(path) {
    return this.requests.filter((r) => new URL(r.url, 'http://none').pathname === path);
  }

  forget() {
    this.requests.length = 0;
  }
}

const lower = (headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/**
 * A window of its own, in which nobody is signed in yet. `clock` has the page's time in the test's hands; `config` is given to
 * the app where a backend does not know how (its release is older than the app's).
 */
export async function openWindow(browser, stage, { clock = false, config } = {}) {
  const window = await browser.newContext({ baseURL: stage.url, viewport: { width: 1440, height: 900 } });
  if (config) await window.addInitScript(configure, config);
  const page = await window.newPage();
  if (clock) await page.clock.install();
  const complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  return { page, complaints, wire: await Wire.of(page), close: () => window.close() };
}

/** Does in the page what the app's backend does to the document, before the app's own scripts run. */
function configure(data) {
  document.addEventListener('readystatechange', () => {
    if (document.readyState !== 'interactive') return;
    const script = document.createElement('script');
    script.type = 'backstage.io/config';
    script.text = JSON.stringify([{ context: 'app', deprecatedKeys: [], data }]);
    document.head.append(script);
  });
}

/** Enters as a guest on the sign-in page, where one is who is not signed in, and waits for the page that was asked for. */
export async function signIn(page, path) {
  await page.goto(path);
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByRole('link', { name: 'Catalog' }).first().waitFor();
}

/** Chromium itself reports answers of 400 and more, and those that do not come. */
const ofTheNetwork = /^error: Failed to load resource: /;

/** The page complained of nothing but what is `known` of Node's own pages, and, where a test makes things fail, of the network. */
export function assertQuiet(complaints, { failing = false, known = [] } = {}) {
  assert.deepEqual(complaints.filter((c) => !known.includes(c) && !(failing && ofTheNetwork.test(c))), [], 'the console of the page');
}

/** All that the page asked went to where it came from, without asking for leave to. */
export function assertSameOrigin(wire, stage) {
  const asked = wire.requests.filter((r) => !r.url.startsWith('data:') && !r.url.startsWith('blob:'));
  assert.ok(asked.length > 0);
  assert.deepEqual([...new Set(asked.map((r) => new URL(r.url).origin))], [stage.url]);
  assert.deepEqual(asked.filter((r) => r.method === 'OPTIONS' || r.type === 'Preflight').map((r) => r.url), []);
}

/** Keeps a picture, for the eye of whoever changes something. */
export async function picture(page, name) {
  mkdirSync(output, { recursive: true });
  await page.screenshot({ path: `${output}${name}.png` });
}
