// The Spacelift page, as a person finds her way on it.
import assert from 'node:assert/strict';

export const stacksPath = '/api/proxy/understudy/spacelift-io/stacks';
export const triggerPath = (id) => `${stacksPath}/${id}/trigger`;

/** What a poll and Understudy's own reading of Spacelift may take together, on a busy machine. */
export const seen = { timeout: 45_000 };

/** A stack's link to Spacelift, whose spoken name says besides that it opens a window. */
export const link = (page, id) => page.locator(`a[href$="/stack/${id}"]`);
export const row = (page, id) => page.locator('tbody tr').filter({ has: link(page, id) });
export const state = (page, id) => row(page, id).locator('[data-state]');
export const triggerOf = (page, name) => page.getByRole('button', { name: `Trigger ${name}`, exact: true });
export const alert = (page) => page.getByRole('alert');

export async function openStacks(page) {
  await page.getByRole('heading', { name: 'Spacelift Stacks' }).waitFor();
  await page.locator('[data-state]').first().waitFor(seen);
}

/** What the foot of the table says, such as `1-20 of 40`. */
export const shown = (page, text) => page.getByText(text, { exact: true }).filter({ visible: true });

/** Leaves the rows whose fields have the words. */
export async function search(page, words) {
  await page.getByPlaceholder('Filter').fill(words);
}

export async function only(page, id) {
  await search(page, id);
  await row(page, id).waitFor(seen);
}

/** The text of the page's one alert, which is never that of an object. */
export async function told(page) {
  await alert(page).first().waitFor(seen);
  const text = await alert(page).first().locator('[class*="MuiAlert-message"]').innerText();
  assert.doesNotMatch(text, /\[object Object\]|undefined/);
  return text;
}
