// A Spacelift account in the place of the plugin's routes: for states that the demo's simulator has only now and then, for
// many stacks, and for failures.
const groups = {
  attention: ['UNCONFIRMED'], failed: ['FAILED'], hold: ['NONE', 'CONFIRMED', 'REPLAN_REQUESTED'],
  progress: ['READY', 'PREPARING', 'INITIALIZING', 'PLANNING', 'PREPARING_REPLAN', 'PREPARING_APPLY', 'APPLYING', 'DESTROYING', 'QUEUED'],
  finished: ['FINISHED'],
};
export const groupOf = (state) => Object.keys(groups).find((g) => groups[g].includes(state)) ?? 'other';
export const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

export const spaces = [
  { id: 'root', name: 'root' },
  { id: 'platform', name: 'Platform', parent: 'root' },
  { id: 'network', name: 'Network', parent: 'platform' },
  { id: 'payments', name: 'Payments', parent: 'root' },
  { id: 'payments-prod', name: 'Production', parent: 'payments' },
];

const states = [
  'FINISHED', 'FAILED', 'UNCONFIRMED', 'PLANNING', 'NONE', 'APPLYING', 'DISCARDED', 'STOPPED', 'CONFIRMED', 'REPLAN_REQUESTED', 'READY',
  'PREPARING', 'INITIALIZING', 'PREPARING_APPLY', 'PREPARING_REPLAN', 'DESTROYING', 'QUANTUM',
];
const commit = {
  hash: '4f9a1c27d0b34e5f8a6b7c8d9e0f1a2b3c4d5e6f', message: 'Give the ledger a second replica\n\nIt was alone.', author: 'Ada Park',
  time: ago(7200), url: 'https://github.com/acme/infrastructure/commit/4f9a1c2',
};

export function stack(i, more = {}) {
  const state = states[i % states.length];
  const number = String(i).padStart(5, '0');
  const space = spaces[1 + (i % 4)];
  return {
    id: `stack-${number}`, name: `Stack ${number}`, description: i % 3 === 0 ? 'Network and **ledger** of the region. Ask in `#platform` before you change it; see https://wiki.example.com/ledger' : '',
    labels: i % 2 === 0 ? ['env:production', 'team:payments', 'folder:aws/eu'] : [], state, stateSetAt: ago(300 + i), group: groupOf(state), space, branch: 'main',
    repository: 'infrastructure', namespace: 'acme', provider: 'GITHUB', projectRoot: `stacks/${number}`, vendor: 'opentofu', autodeploy: i % 2 === 0, commit,
    url: `https://acme.app.spacelift.io/stack/stack-${number}`, trigger: { allowed: true }, ...more,
  };
}

export const run = (id, state, more = {}) => ({
  id, state, group: groupOf(state), type: 'TRACKED', title: 'Give the ledger a second replica', branch: 'main', createdAt: ago(60), updatedAt: ago(5),
  finished: ['FINISHED', 'FAILED', 'STOPPED', 'CANCELED', 'DISCARDED', 'SKIPPED'].includes(state), triggeredBy: 'api::01KEY', commit,
  url: `https://acme.app.spacelift.io/stack/x/run/${id}`, ...more,
});

export const goodStatus = {
  account: 'acme.app.spacelift.io', url: 'https://acme.app.spacelift.io', readOnly: false, canWrite: true, keyName: 'portal', stacks: 40,
  synced: { complete: true, at: ago(20), durationMs: 800, next: ago(-600) }, token: { valid: true, expiresAt: ago(-3000) }, breaker: 'closed',
};

export const runs = [
  run('01RUN9', 'PLANNING', { requestedBy: 'user:default/guest', reason: 'The certificate ends tonight', triggeredBy: 'api::01KEY' }),
  run('01RUN8', 'FINISHED', { triggeredBy: undefined, createdAt: ago(9000), delta: { add: 12, change: 3, delete: 1, import: 2 } }),
  run('01RUN7', 'FAILED', { triggeredBy: 'ada@example.com', createdAt: ago(19000), delta: { add: 0, change: 0, delete: 0 } }),
  run('01RUN6', 'DISCARDED', { createdAt: ago(29000), needsApproval: true, drift: true }),
];

/** A trigger whose answer was lost. */
export const lostTrigger = {
  id: '01REQUEST', stackId: 'stack-00006', outcome: 'unknown', requestedBy: 'user:default/guest', requestedAt: ago(10), reason: 'The certificate ends', message: "Spacelift's answer was lost.",
};

function counts(items, key) {
  const out = new Map();
  for (const item of items) out.set(key(item), (out.get(key(item)) ?? 0) + 1);
  return [...out].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}

/** The whole account; change its fields to change what the page is told. */
export class FakeSpacelift {
  constructor({ stacks = Array.from({ length: 40 }, (_, i) => stack(i)), status = goodStatus, runPages = { tracked: runs, proposed: [], task: [] }, entities = [] } = {}) {
    Object.assign(this, { stacks, status, runPages, entities });
    this.triggers = [];
    this.reads = [];
    this.onTrigger = (id, reason) => ({
      status: 201,
      json: { id: '01REQUEST', stackId: id, outcome: 'triggered', runId: '01RUNNEW', state: 'QUEUED', requestedBy: 'user:default/guest', requestedAt: new Date().toISOString(), reason },
    });
    this.listeners = [];
  }

  /** Answers the plugin's routes on a page, and says that the plugin is there. */
  async install(page) {
    await page.route('**/api/understudy/v1/bootstrap', async (route) => {
      const json = await (await route.fetch()).json();
      return route.fulfill({ json: { ...json, plugins: [...new Set([...json.plugins, 'spacelift-io'])] } });
    });
    await page.route('**/api/spacelift-io/v1/**', (route) => this.#answer(route));
    return this;
  }

  /** Tells the page of changes. A stream that was answered ends: the page opens another. */
  async push(event) {
    while (this.listeners.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await this.listeners.shift().fulfill({ contentType: 'application/x-ndjson', body: `${JSON.stringify(event)}\n` });
  }

  #answer(route) {
    const url = new URL(route.request().url());
    const path = decodeURIComponent(url.pathname.replace('/api/spacelift-io/v1/', ''));
    const [family, id, part] = path.split('/');
    if (path === 'status') return route.fulfill({ json: this.status });
    if (path === 'events') return void this.listeners.push(route);
    if (part === 'runs' && route.request().method() === 'POST') {
      const { reason } = route.request().postDataJSON();
      this.triggers.push({ id, reason });
      return route.fulfill(this.onTrigger(id, reason));
    }
    if (part === 'runs') return route.fulfill({ json: { items: this.runPages[url.searchParams.get('kind') ?? 'tracked'] } });
    if (family === 'stacks' && id) return this.#one(route, id);
    this.reads.push(url.search);
    return route.fulfill({ json: this.#page(url.searchParams) });
  }

  #one(route, id) {
    const found = this.stacks.find((s) => s.id === id);
    if (!found) return route.fulfill({ status: 404, json: { error: `No stack ${id}`, code: 'NOT_FOUND' } });
    return route.fulfill({ json: { ...found, syncedAt: ago(3), stale: false, entities: this.entities, ...this.detail } });
  }

  #page(params) {
    const all = (name) => params.getAll(name);
    const under = (space) => (space && !all('space').includes(space.id) ? under(spaces.find((s) => s.id === space.parent)) : space);
    const words = (params.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
    const without = this.stacks.filter((s) => {
      const text = JSON.stringify([s.name, s.id, s.description, s.labels, s.branch, s.space.name]).toLowerCase();
      return words.every((w) => text.includes(w)) && (all('space').length === 0 || under(spaces.find((x) => x.id === s.space.id))) && all('label').every((l) => s.labels.includes(l));
    });
    const named = params.get('entityRef') ? without.filter((s) => this.named?.includes(s.id)) : without;
    const found = named.filter((s) => (all('group').length === 0 || all('group').includes(s.group)) && (all('state').length === 0 || all('state').includes(s.state)));
    const limit = Number(params.get('limit') ?? 50);
    const from = Number(params.get('cursor') ?? 0);
    return {
      items: found.slice(from, from + limit), ...(from + limit < found.length && { nextCursor: String(from + limit) }), totalItems: found.length,
      syncedAt: this.status.synced.at ?? null, spaces, labels: counts(this.stacks.flatMap((s) => s.labels), (l) => l), groups: counts(without, (s) => s.group),
    };
  }
}

/** An account that answers a trigger in its own way, with some of its stacks changed. */
export function accountWith({ onTrigger, stacks = {} }) {
  const out = new FakeSpacelift({ runPages: { tracked: [run('01RUNNEW', 'PLANNING', { requestedBy: 'user:default/guest', createdAt: ago(3600) }), ...runs.slice(1)], proposed: [], task: [] } });
  if (onTrigger) out.onTrigger = onTrigger;
  for (const [i, more] of Object.entries(stacks)) out.stacks[i] = stack(Number(i), more);
  return out;
}
