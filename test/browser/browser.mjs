// The browser, and what every test asks of a page.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const binaries = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const output = fileURLToPath(new URL('output/', import.meta.url));

export const desktop = { width: 1440, height: 900 };
export const phone = { width: 390, height: 844 };
export const themes = ['light', 'dark'];

export function launch() {
  const executablePath = binaries.find((path) => path && existsSync(path));
  assert.ok(executablePath, 'no Chromium: install it, or name it in CHROMIUM');
  return chromium.launch({ executablePath, args: flags });
}

/**
 * A page in a window of its own that fails the test with what it writes to the console as an error. `signedIn` enters as
 * one does who reloads the page.
 */
export async function openPage(browser, { url, theme = 'light', viewport = desktop, signedIn = true, ...context }) {
  const window = await browser.newContext({ baseURL: url, viewport, colorScheme: theme, reducedMotion: 'reduce', ...context });
  if (signedIn) await window.addInitScript(() => sessionStorage.setItem('understudy-signed-in', 'guest'));
  const page = await window.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  return { page, complaints, close: () => window.close() };
}

/** Chromium itself reports an answer of 400 and more, and one that does not come: where a test makes them, they are no error. */
const ofTheNetwork = /^error: Failed to load resource: /;

export function assertQuiet(complaints, { failing = false } = {}) {
  assert.deepEqual(complaints.filter((c) => !(failing && ofTheNetwork.test(c))), [], 'the console of the page');
}

/** The page has everything that it waits for. */
export async function settle(page) {
  await page.waitForFunction(() => {
    const content = document.getElementById('content');
    const drawn = document.querySelector('main') && (!content || content.childElementCount > 0);
    return drawn && document.fonts.status === 'loaded' && !document.querySelector('[aria-busy="true"]');
  });
}

export async function assertAccessible(page) {
  // Legacy mode looks into no frames of other origins, of which there are none, and saves a page of its own for each look.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  const told = serious.map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `    ${n.html}\n    ${n.failureSummary}`).join('\n')}`);
  assert.deepEqual(told, [], 'axe');
}

/** A window that has just changed its size is given a moment to lay itself out. */
export async function assertNoSidewaysScroll(page) {
  const width = () => [document.documentElement.scrollWidth, document.documentElement.clientWidth];
  await page
    .waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth, null, { timeout: 3000 })
    .catch(async () => assert.fail(`the page is [width, window] ${await page.evaluate(width)}`));
}

/** Nothing sticks out of its card: what is wider is cut off or scrolls within it. A chart is given a moment to be drawn again. */
export async function assertInCards(page) {
  await page
    .waitForFunction(`(${outsideOfCards})().length === 0`, null, { timeout: 3000 })
    .catch(async () => assert.fail(`out of their cards at ${page.viewportSize().width}:\n${(await page.evaluate(outsideOfCards)).join('\n')}`));
}

function outsideOfCards() {
  const found = [];
  const holds = (e) => getComputedStyle(e).overflowX !== 'visible';
  for (const card of document.querySelectorAll('main section')) {
    const { left, right } = card.getBoundingClientRect();
    for (const e of card.querySelectorAll('*')) {
      const box = e.getBoundingClientRect();
      if (box.width <= 1 || box.height <= 1 || (box.left >= left - 1 && box.right <= right + 1)) continue;
      let within = e.parentElement;
      while (within !== card && !holds(within)) within = within.parentElement;
      if (within === card) found.push(`${e.outerHTML.slice(0, 120)} [${Math.round(box.left)}, ${Math.round(box.right)}] of [${Math.round(left)}, ${Math.round(right)}]`);
    }
  }
  return found.slice(0, 5);
}

/** The page has the theme of the system, and no colour is on its way any more. */
async function wear(page, theme) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.waitForFunction((wanted) => {
    const moving = document.getAnimations().some((a) => a instanceof CSSTransition);
    return document.documentElement.dataset.mantineColorScheme === wanted && !moving;
  }, theme);
}

/**
 * Looks at a page that stands in a light window of a desktop: in both themes there and in both on a phone, and at the
 * `widths` between. axe is asked where its answer can differ: what a phone adds is the same in both themes.
 */
export async function lookAtAll(page, { name, see, widths = [] }) {
  const keep = (theme, { width }) => picture(page, `${name.replaceAll(' ', '-')}-${theme}-${width}`);
  const fits = async () => {
    await see(page).first().waitFor();
    await assertNoSidewaysScroll(page);
    await assertInCards(page);
  };
  await fits();
  await assertAccessible(page);
  await keep('light', desktop);
  for (const width of widths) {
    await page.setViewportSize({ ...desktop, width });
    await fits();
  }
  await page.setViewportSize(phone);
  await fits();
  await assertAccessible(page);
  await keep('light', phone);
  await wear(page, 'dark');
  await fits();
  await keep('dark', phone);
  await page.setViewportSize(desktop);
  await fits();
  await assertAccessible(page);
  await keep('dark', desktop);
}

/** Keeps a picture, for the eye of whoever changes the looks. */
export async function picture(page, name) {
  mkdirSync(output, { recursive: true });
  await page.screenshot({ path: `${output}${name}.png` });
}

/** Answers a path of the API, as a glob, in the server's place. */
export function answer(page, glob, body, status = 200) {
  return page.route(`**/api/${glob}`, (route) => route.fulfill({ status, json: body }));
}

export function failure(status, name, message) {
  return { error: { name, message }, request: { method: 'GET', url: '/' }, response: { statusCode: status } };
}
