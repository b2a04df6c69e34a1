// Answers of /api/rely, for what a demo does not get into by itself.
import { answer, failure } from './browser.mjs';

const minute = 60_000;
export const ago = (ms) => new Date(Date.now() - ms).toISOString();
const ahead = (ms) => ago(-ms);

export const noCounts = {
  read: 0, filtered: 0, skipped: 0, unmappable: 0, unchanged: 0, create: 0, update: 0, sent: 0, failed: 0, pending: 0,
  deleteCandidates: 0, chunks: 0, requests: 0, bytes: 0, wireBytes: 0,
};

export function run(id, fields = {}, counts = {}) {
  return {
    id, destination: 'rely', trigger: 'cron', status: 'succeeded', mode: 'tasks', dryRun: false, full: false,
    startedAt: ago(5 * minute), endedAt: ago(5 * minute - 3200), href: `/api/rely/runs/${id}`, resumable: false, warnings: [],
    ...fields, counts: { ...noCounts, ...counts },
  };
}

const whole = { read: 227, filtered: 12, skipped: 8, create: 219, sent: 219, chunks: 3, requests: 14, bytes: 412_300, wireBytes: 412_300 };
const still = { read: 227, filtered: 12, skipped: 8, unchanged: 219 };

/** Fifteen hours of an hourly schedule, as a list answers: the newest first. */
export const history = [
  ...Array.from({ length: 11 }, (_, i) => run(`r${15 - i}`, { startedAt: ago((5 + i * 60) * minute), endedAt: ago((5 + i * 60) * minute - 900 - 110 * i) }, { ...still, unchanged: 219 - (i % 4) * 3, update: (i % 4) * 3, sent: (i % 4) * 3, requests: (i % 4) * 2 })),
  run('r4', { status: 'partial', trigger: 'missed', startedAt: ago(665 * minute), endedAt: ago(665 * minute - 41_000), resumable: true }, { ...still, unchanged: 180, update: 39, sent: 22, failed: 17, requests: 41 }),
  run('r3', { status: 'auth_failed', startedAt: ago(725 * minute), endedAt: ago(725 * minute - 300), error: 'GET /api/v1/blueprints/service answered 401: Not authenticated' }, {}),
  run('r2', { trigger: 'manual', requestedBy: 'user:default/guest', dryRun: true, startedAt: ago(730 * minute), endedAt: ago(730 * minute - 500) }, { ...still, create: 31, unchanged: 188 }),
  run('r1', { trigger: 'manual', requestedBy: 'user:default/guest', startedAt: ago(740 * minute), endedAt: ago(740 * minute - 9400) }, whole),
];

export const status = {
  destination: 'rely', target: 'https://magneto.rely.io', mode: 'tasks', gzip: true,
  token: { state: 'accepted', checkedAt: ago(5 * minute) },
  schedule: { enabled: true, cron: '0 * * * *', timezone: 'UTC', next: ahead(25 * minute) },
  last: history[0], runs: history.length,
  ledger: { sent: 219, failed: 0, lagSeconds: 0 },
  limits: { maxEntities: 100, maxBytes: 786_432, learnedBytes: 524_288, concurrency: 2, ratePerMinute: 300 },
  filters: [{ kind: ['Component', 'API', 'Group'] }, { 'metadata.name': 'payments', 'metadata.namespace': 'default' }],
};

/** Before anything was ever exported. */
export const fresh = {
  ...status, mode: 'auto', gzip: false, token: { state: 'untested' }, schedule: { enabled: false }, last: undefined, runs: 0,
  ledger: { sent: 0, failed: 0 }, limits: { maxEntities: 100, maxBytes: 786_432, concurrency: 2, ratePerMinute: 300 }, filters: [],
};

export const sending = run('r16', { status: 'running', phase: 'write', trigger: 'manual', requestedBy: 'user:default/guest', startedAt: ago(12_000), endedAt: undefined, rate: 412.4, etaSeconds: 64 },
  { read: 65_000, skipped: 8, create: 40_000, update: 24_992, sent: 26_300, failed: 3, pending: 38_689, chunks: 650, requests: 812, bytes: 36_700_000, wireBytes: 5_100_000 });

export const limited = { ...sending, rate: 0, etaSeconds: undefined, waitingUntil: ahead(30 * minute) };

export const downNow = { ...sending, phase: 'prepare', note: 'GET /api/v1/blueprints: connection refused; tried 3 times, again in 8 s' };

export const planning = run('r16', { status: 'running', phase: 'plan', trigger: 'manual', startedAt: ago(1500), endedAt: undefined }, { read: 3100 });

export const partial = run('r20', {
  status: 'partial', trigger: 'manual', requestedBy: 'user:default/guest', full: true, resumable: true, rate: 31.2,
  error: '3 of 219 entities did not arrive: 2 were refused by Rely, 1 could not be mapped',
  warnings: ['component:default/checkout: the link “runbook” is no http address and was left out', 'group:default/payments: 2 members are not exported, since users are filtered'],
  digest: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
}, { read: 227, filtered: 12, skipped: 8, unmappable: 1, create: 200, update: 19, unchanged: 0, sent: 214, failed: 3, pending: 2, deleteCandidates: 4, chunks: 5, requests: 23, bytes: 412_300, wireBytes: 61_845 });

export const items = [
  { entityRef: 'component:default/checkout', id: 'component.default.checkout', status: 'sent', operation: 'update', attempts: 1, at: ago(4 * minute) },
  { entityRef: 'component:default/ledger', id: 'component.default.ledger', status: 'failed', code: 'rejected', httpStatus: 422, message: "properties.lifecycle: 'sunset' is not one of 'experimental', 'production', 'deprecated'", attempts: 1, at: ago(4 * minute) },
  { entityRef: 'component:default/pricing', id: 'component.default.pricing', status: 'sent', operation: 'create', attempts: 2, at: ago(4 * minute) },
  { entityRef: 'location:default/generated-0123456789012345678901234567890123456789', status: 'skipped', message: 'The mapping leaves locations out' },
  { entityRef: 'resource:default/orders-db', id: 'resource.default.orders-db', status: 'failed', code: 'parked', message: 'EntityValidationError: relation key “dependsOn” of blueprint resource holds a list, and the blueprint says that it is none', attempts: 5, at: ago(3 * minute) },
  { entityRef: 'system:other/ünïcode', status: 'failed', code: 'unmappable_id', message: 'ü and ï have no place in an id' },
];

export const preview = {
  entityRef: 'component:default/checkout', included: true, changed: true,
  warnings: ['the link “runbook” is no http address and was left out'],
  added: ['properties.tier', 'relations.dependsOn'], removed: ['properties.on-call'],
  lastSent: { at: ago(65 * minute), status: 'sent', runId: 'r15' },
  document: {
    id: 'component.default.checkout', blueprintId: 'service', title: 'Checkout', description: 'Takes the order, and asks for the money', isActive: true,
    properties: { type: 'website', lifecycle: 'production', tier: 1, 'repo-link': 'https://github.com/acme/checkout', tags: ['java', 'critical'], managed: true },
    relations: { team: { value: 'group.default.payments' }, dependsOn: { value: ['resource.default.orders-db', 'component.default.pricing'] } },
  },
};

export const filteredOut = { entityRef: 'user:default/jane', included: false, why: 'entityFilters let no user through', warnings: [], changed: false };

export const down = failure(503, 'ServiceUnavailableError', 'The database does not answer');
export const forbidden = failure(403, 'NotAllowedError', 'The policy of this server does not let you export');
export const missing = failure(404, 'NotFoundError', 'No run r99');

/** Answers all routes of the plugin; what is given takes the place of a good day. */
export async function answerExports(page, { state = status, runs = history, one = partial, list = items, doc = preview } = {}) {
  await answer(page, 'rely/status', state);
  await answer(page, 'rely/runs?**', { items: runs });
  await answer(page, 'rely/runs/*', one);
  await answer(page, 'rely/preview?**', doc);
  await page.route('**/api/rely/runs/*/items?**', (route) => {
    const wanted = new URL(route.request().url()).searchParams.getAll('status');
    return route.fulfill({ json: { items: list.filter((i) => wanted.length === 0 || wanted.includes(i.status)) } });
  });
}

/** The plugins that the server says it hosts. */
export async function hosting(page, has) {
  await page.route('**/api/understudy/v1/bootstrap', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const others = body.plugins.filter((id) => id !== 'rely');
    return route.fulfill({ response, json: { ...body, plugins: has ? [...others, 'rely'] : others } });
  });
}
