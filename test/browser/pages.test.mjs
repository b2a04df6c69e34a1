// Every page, in both themes, loaded, empty and failing: nothing in the console, nothing serious for axe, and nothing that
// makes a phone scroll sideways.
import { after, before, describe, test } from 'node:test';
import { answer, assertAccessible, assertNoSidewaysScroll, assertQuiet, desktop, failure, launch, openPage, phone, picture, settle, themes } from './browser.mjs';
import { startDemo } from './server.mjs';

const down = failure(503, 'ServiceUnavailableError', 'The index is being built');
const forbidden = failure(403, 'NotAllowedError', 'Only service principals may see this');
const none = { count: 0, items: [] };
const emptyFacets = (page) =>
  page.route('**/api/catalog/entity-facets', (route) => {
    const { facets } = route.request().postDataJSON();
    return route.fulfill({ json: { facets: Object.fromEntries(facets.map((f) => [f, []])) } });
  });
const emptyList = { items: [], totalItems: 0, pageInfo: {} };
const bare = { apiVersion: 'backstage.io/v1alpha1', kind: 'Component', metadata: { name: 'bare', namespace: 'default', uid: 'u' }, spec: {} };
const ill = {
  ...bare,
  metadata: { ...bare.metadata, annotations: { 'backstage.io/orphan': 'true' }, links: [{ url: 'javascript:alert(1)', title: 'Unsafe' }] },
  relations: [{ type: 'dependsOn', targetRef: 'component:default/nothing-of-that-name' }],
  status: { items: [{ type: 'backstage.io/catalog-processing', level: 'error', message: 'InputError: /spec must have required property owner' }] },
};
const unready = {
  entity_id: 'u', entity_ref: 'component:default/cart', unprocessed_entity: { kind: 'Component', metadata: { name: 'cart' } }, unprocessed_hash: 'h',
  processed_entity: null, result_hash: 'r', next_update_at: null, last_discovery_at: new Date(Date.now() - 6e4).toISOString(), location_key: 'file:/srv/acme/a/rather/long/path/to/cart/catalog-info.yaml',
  errors: [{ name: 'InputError', message: "Processor X threw an error while validating the entity component:default/cart; caused by TypeError: /spec must have required property 'lifecycle' - missingProperty: lifecycle" }],
};
const generated = { ...unready, entity_id: 'v', entity_ref: `location:default/generated-${'0123456789'.repeat(4)}` };
const failed = { type: 'failed', entities: [unready, generated], truncated: true };
const byName = 'catalog/entities/by-name/**';

/** `see` is what a person must find; `when` what happens before; `failing` whether answers of 400 and more are meant. */
const cases = [
  { name: 'sign-in loaded', signedIn: false, path: '/', see: (p) => p.getByRole('button', { name: 'Enter as a guest' }) },
  { name: 'sign-in empty', signedIn: false, path: '/', when: (p) => answer(p, 'understudy/v1/bootstrap', { title: 'Acme', version: 'v1', demo: false, signIn: [], plugins: [] }), see: (p) => p.getByText('No way to sign in is configured') },
  { name: 'sign-in error', signedIn: false, failing: true, path: '/', when: (p) => answer(p, 'auth/guest/refresh', forbidden, 403), act: (p) => p.getByRole('button', { name: 'Enter as a guest' }).click(), see: (p) => p.getByText('You may not see this') },
  { name: 'server error', signedIn: false, failing: true, path: '/', when: (p) => p.route('**/api/**', (route) => route.abort()), see: (p) => p.getByText('The server does not answer') },

  { name: 'overview loaded', path: '/', see: (p) => p.getByRole('link', { name: /^\d+ Components$/ }) },
  { name: 'overview empty', path: '/', when: (p) => emptyFacets(p), see: (p) => p.getByText('The catalog is empty') },
  { name: 'overview nothing good', path: '/', when: async (p) => { await emptyFacets(p); await answer(p, 'catalog/entities/unprocessed/failed', failed); }, see: (p) => p.getByText('2+ entities not in the catalog') },
  { name: 'overview error', failing: true, path: '/', when: async (p) => { await answer(p, 'catalog/**', down, 503); await answer(p, 'understudy/v1/plugins', down, 503); }, see: (p) => p.getByText('The server is not ready') },
  { name: 'overview panels empty', path: '/', when: async (p) => { await answer(p, 'understudy/v1/attention', { entities: 1, errors: none, orphans: none, missing: none }); await answer(p, 'understudy/v1/plugins', { plugins: [] }); }, see: (p) => p.getByText('All is well') },
  { name: 'overview panels full', path: '/', when: async (p) => { await answer(p, 'catalog/entities/unprocessed/failed', failed); await answer(p, 'understudy/v1/attention', { entities: 9, errors: { count: 1, items: [{ ref: 'component:default/checkout', message: 'InputError: no owner' }] }, orphans: { count: 1, items: [{ ref: 'component:default/pricing' }] }, missing: { count: 1, items: [{ ref: 'group:default/ghosts', referrers: 3, from: 'component:default/ledger' }] } }); }, see: (p) => p.getByText("/spec must have required property 'lifecycle'") },
  { name: 'overview panels error', failing: true, path: '/', when: async (p) => { await answer(p, 'understudy/v1/attention', down, 503); await answer(p, 'understudy/v1/plugins', failure(500, 'Error', 'An internal error occurred logId=abc'), 500); }, see: (p) => p.getByText('The server failed') },

  { name: 'catalog loaded', path: '/catalog?kind=component&owner=group:default/payments', see: (p) => p.getByRole('link', { name: 'Checkout', exact: true }) },
  { name: 'catalog empty', path: '/catalog', when: async (p) => { await emptyFacets(p); await answer(p, 'catalog/entities/by-query', emptyList); }, see: (p) => p.getByText('The catalog is empty') },
  { name: 'catalog no match', path: '/catalog?q=no-such-thing&kind=component', see: (p) => p.getByRole('button', { name: 'Clear search and filters' }) },
  { name: 'catalog error', failing: true, path: '/catalog', when: (p) => answer(p, 'catalog/**', down, 503), see: (p) => p.getByRole('button', { name: 'Try again' }) },
  { name: 'catalog bad cursor', failing: true, path: '/catalog?cursor=nonsense&page=2', see: (p) => p.getByRole('button', { name: 'Back to the first page' }) },

  { name: 'unprocessed loaded', path: '/unprocessed', when: (p) => answer(p, 'catalog/entities/unprocessed/failed', failed), see: (p) => p.getByText('/srv/acme/a/rather/long/path/to/cart/catalog-info.yaml') },
  { name: 'unprocessed empty', path: '/unprocessed', see: (p) => p.getByText('Nothing is missing') },
  { name: 'unprocessed error', failing: true, path: '/unprocessed', when: (p) => answer(p, 'catalog/**', down, 503), see: (p) => p.getByText('The server is not ready') },

  { name: 'entity loaded', path: '/catalog/default/component/checkout', see: (p) => p.getByRole('heading', { level: 1, name: 'Checkout' }) },
  { name: 'entity empty', path: '/catalog/default/component/bare', when: (p) => answer(p, byName, bare), see: (p) => p.getByText('No relations yet') },
  { name: 'entity missing', failing: true, path: '/catalog/default/component/no-such-thing', see: (p) => p.getByText('Not in the catalog') },
  { name: 'entity unprocessed', failing: true, path: '/catalog/default/component/cart', when: (p) => answer(p, 'catalog/entities/unprocessed/failed', failed), see: (p) => p.getByText('Not in the catalog yet') },
  { name: 'entity ill', path: '/catalog/default/component/bare', when: (p) => answer(p, byName, ill), see: (p) => p.getByText('This entity could not be processed') },
  { name: 'entity error', failing: true, path: '/catalog/default/component/checkout', when: (p) => answer(p, byName, failure(500, 'Error', 'An internal error occurred logId=abc'), 500), see: (p) => p.getByText('The server failed') },
  { name: 'entity relations loaded', path: '/catalog/default/group/payments?tab=relations', see: (p) => p.getByRole('heading', { name: 'Owns' }) },
  { name: 'entity relations empty', path: '/catalog/default/component/bare?tab=relations', when: (p) => answer(p, byName, bare), see: (p) => p.getByText('It stands alone') },
  { name: 'entity yaml loaded', path: '/catalog/default/component/checkout?tab=yaml', see: (p) => p.getByRole('region', { name: 'Entity as YAML' }) },
  { name: 'entity definition loaded', path: '/catalog/default/api/pricing?tab=definition', see: (p) => p.getByRole('region', { name: 'Definition' }) },

  { name: 'plugins loaded', path: '/system', see: (p) => p.getByRole('cell', { name: 'catalog', exact: true }) },
  { name: 'plugins empty', path: '/system/plugins', when: (p) => answer(p, 'understudy/v1/plugins', { plugins: [] }), see: (p) => p.getByText('No plugins') },
  { name: 'plugins failing', path: '/system/plugins', when: (p) => answer(p, 'understudy/v1/plugins', { plugins: [{ id: 'catalog', status: 'failing', error: 'connect to db: refused' }, { id: 'techdocs', status: 'remote', address: 'http://localhost:7017/api/techdocs' }] }), see: (p) => p.getByText('connect to db: refused') },
  { name: 'plugins error', failing: true, path: '/system/plugins', when: (p) => answer(p, 'understudy/v1/plugins', down, 503), see: (p) => p.getByText('The server is not ready') },
  { name: 'tasks loaded', path: '/system/tasks', when: (p) => answer(p, 'understudy/v1/tasks', { tasks: [
    { taskId: 'sweep', pluginId: 'catalog', scope: 'global', settings: { version: 2, cadence: 'PT10M', timeoutAfterDuration: 'PT1M' }, taskState: { status: 'idle', startsAt: new Date(Date.now() + 3e5).toISOString(), lastRunEndedAt: new Date(Date.now() - 3e5).toISOString(), lastRunError: '{"name":"Error","message":"it broke"}' }, workerState: { status: 'idle' } },
    { taskId: 'tidy', pluginId: 'auth', scope: 'local', settings: { version: 2, cadence: 'manual' }, taskState: { status: 'running', startedAt: new Date().toISOString(), timesOutAt: new Date().toISOString() }, workerState: null },
    { taskId: 'new', pluginId: 'auth', scope: 'global', settings: { version: 2, cadence: '*/5 * * * *' }, taskState: null, workerState: { status: 'initial-wait' } },
  ] }), see: (p) => p.getByText('it broke') },
  { name: 'tasks empty', path: '/system/tasks', when: (p) => answer(p, 'understudy/v1/tasks', { tasks: [] }), see: (p) => p.getByText('No tasks') },
  { name: 'tasks error', failing: true, path: '/system/tasks', when: (p) => answer(p, 'understudy/v1/tasks', forbidden, 403), see: (p) => p.getByText('Only service principals') },
  { name: 'config loaded', path: '/system/config', see: (p) => p.getByRole('cell', { name: 'backend.baseUrl' }) },
  { name: 'config empty', path: '/system/config', when: (p) => answer(p, 'understudy/v1/config', { lines: [] }), see: (p) => p.getByText('Nothing is configured') },
  { name: 'config error', failing: true, path: '/system/config', when: (p) => answer(p, 'understudy/v1/config', forbidden, 403), see: (p) => p.getByText('Only service principals') },

  { name: 'not found', path: '/no/such/page', see: (p) => p.getByText('This scene is not in the script') },
];

describe('pages', { concurrency: 2 }, () => {
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
    for (const { name, path, signedIn, when, act, see, failing } of cases) {
      test(`${name}, ${theme}`, async () => {
        const { page, complaints, close } = await openPage(browser, { url: server.url, theme, signedIn });
        try {
          await when?.(page);
          await page.goto(`/console${path}`);
          await act?.(page);
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
