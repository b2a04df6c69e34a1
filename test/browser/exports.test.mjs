// The exports: every page in both themes, what can be done there, and a run in the demo from the button to the simulator.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answer, assertAccessible, assertNoSidewaysScroll, assertQuiet, desktop, failure, launch, openPage, phone, picture, settle, themes } from './browser.mjs';
import * as fixture from './exports.fixture.mjs';
import { startDemo } from './server.mjs';

const { answerExports, hosting } = fixture;
const state = (over) => ({ ...fixture.status, ...over });
const ended = (status, error) => state({ last: fixture.run('r15', { status, error }), token: { state: status === 'not_entitled' ? 'not_entitled' : 'refused', checkedAt: fixture.ago(1000) } });

/** `see` is what a person must find; `when` what is answered; `failing` whether answers of 400 and more are meant. */
const cases = [
  { name: 'exports loaded', path: '/exports', see: (p) => p.getByRole('img', { name: /Entities and duration of the last 15 runs/ }) },
  { name: 'exports empty', path: '/exports', when: (p) => answerExports(p, { state: fixture.fresh, runs: [] }), see: (p) => p.getByText('Nothing has been exported yet') },
  { name: 'exports error', failing: true, path: '/exports', when: (p) => answer(p, 'rely/**', fixture.down, 503), see: (p) => p.getByText('The server is not ready') },
  { name: 'exports forbidden', failing: true, path: '/exports', when: (p) => answer(p, 'rely/**', fixture.forbidden, 403), see: (p) => p.getByText('You may not see this') },
  { name: 'exports history error', failing: true, path: '/exports', when: async (p) => { await answerExports(p); await answer(p, 'rely/runs?**', failure(500, 'Error', 'An internal error occurred logId=abc'), 500); }, see: (p) => p.getByText('The server failed') },
  { name: 'exports off', hosted: false, path: '/exports', see: (p) => p.getByText('Exports are off') },
  { name: 'exports sending', path: '/exports', when: (p) => answerExports(p, { state: state({ running: fixture.sending }) }), see: (p) => p.getByText('26,303 of 64,992') },
  { name: 'exports limited', path: '/exports', when: (p) => answerExports(p, { state: state({ running: fixture.limited }) }), see: (p) => p.getByText(/Rely asked us to wait\. The run goes on in \d+ s/) },
  { name: 'exports planning', path: '/exports', when: (p) => answerExports(p, { state: state({ running: fixture.planning }) }), see: (p) => p.getByText('3,100 read') },
  { name: 'exports auth failed', path: '/exports', when: (p) => answerExports(p, { state: ended('auth_failed', 'GET /api/v1/blueprints/service answered 401: Not authenticated') }), see: (p) => p.getByText('Rely refused the token') },
  { name: 'exports not entitled', path: '/exports', when: (p) => answerExports(p, { state: ended('not_entitled', 'POST /api/v1/tasks answered 402: Upgrade your plan') }), see: (p) => p.getByText('Rely says that its plan does not include this') },
  { name: 'exports partial', path: '/exports', when: (p) => answerExports(p, { state: state({ last: fixture.partial, ledger: { sent: 214, failed: 3, lagSeconds: 4000 } }) }), see: (p) => p.getByRole('link', { name: 'See what failed' }) },

  { name: 'run loaded', path: '/exports/runs/r20', see: (p) => p.getByRole('link', { name: 'component:ledger' }) },
  { name: 'run failed items', path: '/exports/runs/r20?status=failed', see: (p) => p.getByRole('button', { name: 'Retry component:default/ledger' }) },
  { name: 'run empty', path: '/exports/runs/r15', when: (p) => answerExports(p, { one: fixture.history[0], list: [] }), see: (p) => p.getByText('No items') },
  { name: 'run dry', path: '/exports/runs/r2', when: (p) => answerExports(p, { one: fixture.history.find((r) => r.id === 'r2'), list: [{ entityRef: 'component:default/checkout', status: 'pending', operation: 'create' }] }), see: (p) => p.getByText('Would be sent') },
  { name: 'run sending', path: '/exports/runs/r16', when: (p) => answerExports(p, { one: fixture.sending, list: [] }), see: (p) => p.getByText('about 1 min left') },
  { name: 'run missing', failing: true, path: '/exports/runs/r99', when: (p) => answer(p, 'rely/runs/**', fixture.missing, 404), see: (p) => p.getByText('No such run') },
  { name: 'run error', failing: true, path: '/exports/runs/r20', when: (p) => answer(p, 'rely/runs/**', fixture.down, 503), see: (p) => p.getByText('The server is not ready') },
  { name: 'run items error', failing: true, path: '/exports/runs/r20', when: async (p) => { await answerExports(p); await answer(p, 'rely/runs/*/items?**', fixture.down, 503); }, see: (p) => p.getByText('The server is not ready') },

  { name: 'preview loaded', path: '/exports/preview?entity=component:default/checkout', see: (p) => p.getByRole('region', { name: 'Document as YAML' }) },
  { name: 'preview json', path: '/exports/preview?entity=component:default/checkout&as=json', see: (p) => p.getByRole('region', { name: 'Document as JSON' }) },
  { name: 'preview empty', path: '/exports/preview', see: (p) => p.getByText('Choose an entity') },
  { name: 'preview left out', path: '/exports/preview?entity=user:default/jane', when: (p) => answerExports(p, { doc: fixture.filteredOut }), see: (p) => p.getByText('entityFilters let no user through') },
  { name: 'preview missing', failing: true, path: '/exports/preview?entity=component:default/none', when: (p) => answer(p, 'rely/preview?**', fixture.missing, 404), see: (p) => p.getByText('Not in the catalog') },
  { name: 'preview error', failing: true, path: '/exports/preview?entity=component:default/checkout', when: (p) => answer(p, 'rely/**', fixture.down, 503), see: (p) => p.getByText('The server is not ready') },
  { name: 'entity export', path: '/catalog/default/component/checkout?tab=export', see: (p) => p.getByRole('region', { name: 'Document as YAML' }) },
];

describe('exports', { concurrency: 2 }, () => {
  let server;
  let browser;
  before(async () => {
    [server, browser] = await Promise.all([startDemo(), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const theme of themes) {
    for (const { name, path, hosted = true, when = answerExports, see, failing } of cases) {
      test(`${name}, ${theme}`, async () => {
        const { page, complaints, close } = await openPage(browser, { url: server.url, theme });
        try {
          await hosting(page, hosted);
          await when(page);
          await page.goto(`/console${path}`);
          await see(page).first().waitFor();
          await settle(page);
          await assertAccessible(page);
          await assertNoSidewaysScroll(page);
          await picture(page, `${name.replaceAll(' ', '-')}-${theme}-${desktop.width}`);
          await page.setViewportSize(phone);
          await see(page).first().waitFor();
          await assertNoSidewaysScroll(page);
          // Colours have been looked at above: what a phone adds is the same in both themes.
          if (theme === 'light') await assertAccessible(page);
          await picture(page, `${name.replaceAll(' ', '-')}-${theme}-${phone.width}`);
          assertQuiet(complaints, { failing });
        } finally {
          await close();
        }
      });
    }
  }
});
