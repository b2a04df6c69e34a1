import { describe, expect, it } from 'vitest';
import { annotatedStacks, type Space, type Stack, type StackPage, type Status, type Trigger } from '../../api/spacelift';
import { ApiError, UnreachableError } from '../../api/errors';
import { changedBy } from './live';
import { blocks, inlines, plain } from './markdownParts';
import { countChosen, emptyFilters, filtersOf, parseStackSearch, parseStacksSearch, searchOfFilters, toggled } from './search';
import { coveredBy, findSpaces, flatten, placeOf, spacePath, spaceTree } from './spaces';
import { joined, type Loaded, pagesToRead, reread, rowsOf } from './stackPages';
import { groupNames, groupOf, groups, isFinal, phaseOf, phases, stateText, toneOf } from './states';
import { isTold, troublesOf } from './StatusNotices';
import { after, failedOf, sentOf, settledBy } from './triggering';
import css from '../../theme/tokens.css?raw';

describe('states', () => {
  it('have the colours of the official page', () => {
    const of = (tone: string) => groupNames.flatMap((g) => groups[g].states).filter((s) => toneOf(s) === tone).sort();
    expect(of('info')).toEqual(['APPLYING', 'DESTROYING', 'INITIALIZING', 'PLANNING', 'PREPARING', 'PREPARING_APPLY', 'PREPARING_REPLAN', 'READY']);
    expect(of('success')).toEqual(['FINISHED']);
    expect(of('error')).toEqual(['DISCARDED', 'FAILED', 'STOPPED']);
    expect(of('warning')).toEqual(['CONFIRMED', 'UNCONFIRMED']);
    expect(of('neutral')).toEqual(['NONE', 'REPLAN_REQUESTED']);
  });

  it('all belong to one group, and those that nobody told us of to the others', () => {
    const all = groupNames.flatMap((g) => groups[g].states);
    expect(new Set(all).size).toBe(16);
    expect(all).toHaveLength(16);
    expect(groupOf('UNCONFIRMED')).toBe('attention');
    expect(groupOf('PREPARING_APPLY')).toBe('progress');
    expect([groupOf('QUANTUM'), toneOf('QUANTUM'), stateText('QUANTUM'), phaseOf('QUANTUM')]).toEqual(['other', 'neutral', 'Quantum', undefined]);
  });

  it('are words', () => {
    expect([stateText('PREPARING_APPLY'), stateText('NONE'), stateText('')]).toEqual(['Preparing apply', 'None', 'Unknown']);
  });

  it('of a run lead from the queue to its end', () => {
    const way = ['QUEUED', 'READY', 'PREPARING', 'INITIALIZING', 'PLANNING', 'UNCONFIRMED', 'CONFIRMED', 'PREPARING_APPLY', 'APPLYING', 'FINISHED'];
    const numbers = way.map((s) => phaseOf(s)!);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.at(-1)).toBe(phases.length - 1);
    expect(way.filter(isFinal)).toEqual(['FINISHED']);
  });
});

describe('the colours of states', () => {
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const contrast = (a: string, b: string) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high! + 0.05) / (low! + 0.05);
  };
  it.each(['light', 'dark'])('can be read in the %s theme', (theme) => {
    const block = css.split(`scheme='${theme}']`)[1]!.split('}')[0]!;
    const token = (name: string) => new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(block)![1]!;
    for (const tone of ['info', 'success', 'error', 'warning', 'neutral']) {
      expect(contrast(token(`state-${tone}`), token(`state-${tone}-bg`)), tone).toBeGreaterThan(4.5);
      expect(contrast(token(`state-${tone}`), token('surface')), `${tone} on a surface`).toBeGreaterThan(4.5);
    }
  });
});

describe('the address of the list', () => {
  it('keeps what is understood, and comes back as it was', () => {
    const search = parseStacksSearch({ q: ' ledger ', group: ['failed', 'nonsense'], state: 'planning', space: ['a', 'a', ''], label: ['x', 'y'], cursor: '7', limit: 9 });
    expect(search).toEqual({ q: 'ledger', group: 'failed', state: 'PLANNING', space: 'a', label: ['x', 'y'] });
    expect(parseStacksSearch({ ...search })).toEqual(search);
    expect(searchOfFilters(filtersOf(search))).toEqual(search);
    expect(parseStacksSearch({})).toEqual({});
  });

  it('says with groups or with states what is looked for, not with both', () => {
    const failed = toggled(emptyFilters, 'group', 'failed');
    expect(toggled(failed, 'group', 'hold').group).toEqual(['failed', 'hold']);
    expect(toggled(failed, 'state', 'READY')).toEqual({ ...emptyFilters, state: ['READY'] });
    expect(toggled(toggled(failed, 'state', 'READY'), 'group', 'hold')).toEqual({ ...emptyFilters, group: ['hold'] });
    expect(toggled(failed, 'space', 'a')).toEqual({ ...emptyFilters, group: ['failed'], space: ['a'] });
    expect(toggled(failed, 'group', 'failed')).toEqual(emptyFilters);
    expect(countChosen({ ...failed, space: ['a'], label: ['b', 'c'] })).toBe(3);
  });

  it('of a stack knows three kinds of runs', () => {
    expect(parseStackSearch({ runs: 'task' })).toEqual({ runs: 'task' });
    expect(parseStackSearch({ runs: 'tracked' })).toEqual({});
    expect(parseStackSearch({ runs: 'other' })).toEqual({});
  });
});

describe('spaces', () => {
  const space = (id: string, parent?: string): Space => ({ id, name: id.toUpperCase(), ...(parent && { parent }) });
  const all = [space('c', 'b'), space('root'), space('b', 'root'), space('a', 'root'), space('x', 'unseen')];

  it('are a tree in the order of names, and whose parent is not there is a root', () => {
    expect(flatten(spaceTree(all)).map((n) => [n.space.id, n.depth])).toEqual([['root', 0], ['a', 1], ['b', 1], ['c', 2], ['x', 0]]);
  });

  it('in a circle are shown all the same', () => {
    const round = [space('p', 'q'), space('q', 'p'), space('s', 's')];
    expect(flatten(spaceTree(round)).map((n) => n.space.id).sort()).toEqual(['p', 'q', 's']);
    expect(spacePath(round, 'p').map((s) => s.id)).toEqual(['q', 'p']);
  });

  it('that are chosen include those below', () => {
    expect([...coveredBy(spaceTree(all), ['b'])]).toEqual(['c']);
    expect([...coveredBy(spaceTree(all), ['root'])].sort()).toEqual(['a', 'b', 'c']);
  });

  it('are found with those above them', () => {
    expect(findSpaces(spaceTree(all), 'c').map((n) => n.space.id)).toEqual(['root', 'b', 'c']);
    expect(placeOf(all, 'c')).toBe('B / C');
    expect(placeOf(all, 'root')).toBe('ROOT');
    expect(placeOf(all, 'gone')).toBe('');
  });
});

describe('the pages of the list', () => {
  const stack = (id: string, state = 'NONE') => ({ id, state }) as Stack;
  const page = (ids: string[], nextCursor?: string, totalItems = 5): StackPage =>
    ({ items: ids.map((id) => stack(id)), nextCursor, totalItems, syncedAt: null, spaces: [], labels: [], groups: [] });
  const old: Loaded = { pages: [page(['a', 'b'], 'b'), page(['c', 'd'], 'd'), page(['e'])], pageParams: [undefined, 'b', 'd'] };
  const reader = (pages: Record<string, StackPage>) => {
    const asked: string[] = [];
    return { asked, read: async (cursor: string | undefined) => (asked.push(cursor ?? ''), pages[cursor ?? '']!) };
  };

  it('show a stack once', () => {
    expect(rowsOf([page(['a', 'b']), page(['b', 'c'])]).map((s) => s.id)).toEqual(['a', 'b', 'c']);
  });

  it('are read again where something has changed, and the first for its counts', () => {
    expect([...pagesToRead(old.pages, new Set(['e', 'elsewhere']), new Set())]).toEqual([0, 2]);
    expect([...pagesToRead(old.pages, undefined, new Set(['c']))]).toEqual([0, 1]);
  });

  it('that did not change stay the same objects', async () => {
    const { asked, read } = reader({ '': page(['a', 'b'], 'b'), d: page(['e']) });
    const next = await reread(old, new Set([0, 2]), read);
    expect(asked).toEqual(['', 'd']);
    expect(next.pages[1]).toBe(old.pages[1]);
    expect(rowsOf(next.pages).map((s) => s.id)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('are all read when a stack has come, so that none is lost', async () => {
    const { asked, read } = reader({ '': page(['a', 'a2'], 'a2', 6), a2: page(['b', 'c'], 'c', 6), c: page(['d', 'e'], undefined, 6) });
    const next = await reread(old, new Set([0]), read);
    expect(asked).toEqual(['', 'a2', 'c']);
    expect(next.pageParams).toEqual([undefined, 'a2', 'c']);
    expect(rowsOf(next.pages).map((s) => s.id)).toEqual(['a', 'a2', 'b', 'c', 'd', 'e']);
  });

  it('end where the list now ends', async () => {
    const { read } = reader({ '': page(['a', 'e'], undefined, 2) });
    const next = await reread(old, new Set([0]), read);
    expect(next.pages).toHaveLength(1);
  });

  it('keep a page that came while others were read', () => {
    const before = { pages: old.pages.slice(0, 2), pageParams: old.pageParams.slice(0, 2) };
    const read = { pages: [page(['a', 'b'], 'b'), page(['c', 'd'], 'd')], pageParams: [undefined, 'b'] };
    expect(joined(read, before, old).pages).toHaveLength(3);
    expect(joined(read, before, before)).toBe(read);
    const moved = { ...read, pages: [read.pages[0]!, page(['c', 'c2'], 'c2')] };
    expect(joined(moved, before, old)).toBe(moved);
  });
});

describe('events', () => {
  it('name stacks, or mean anything, or nothing', () => {
    expect(changedBy({ type: 'stacks', ids: ['a'] })).toEqual({ ids: ['a'] });
    expect(changedBy({ type: 'stacks' })).toEqual({ ids: undefined });
    expect(changedBy({ type: 'hello' })).toEqual({ ids: undefined });
    expect(changedBy({ type: 'status' })).toEqual({ ids: undefined });
    expect(changedBy({ type: 'heartbeat' })).toBeUndefined();
  });
});

describe('a trigger', () => {
  const trigger: Trigger = { id: 't', stackId: 's', outcome: 'unknown', requestedBy: 'user:default/ada', requestedAt: '2026-01-01T10:00:00Z' };
  const asked = { at: trigger.requestedAt, by: 'user:default/ada', reason: 'Because' };
  const unknown = { kind: 'unknown' as const, requestId: 't', asked, message: '' };

  it('has a run, or nobody knows', () => {
    expect(sentOf({ ...trigger, outcome: 'triggered', runId: 'r', state: 'QUEUED' }, asked)).toEqual({ kind: 'run', runId: 'r', state: 'QUEUED' });
    expect(sentOf(trigger, asked)).toMatchObject({ kind: 'unknown', requestId: 't' });
  });

  it('that was refused says so, and one whose answer was lost does not claim to have failed', () => {
    const refused = new ApiError(409, '', 'stack is locked', undefined, 'SPACELIFT_REJECTED');
    expect(failedOf(refused, asked)).toEqual({ kind: 'refused', error: refused });
    const details = { trigger: 'x', requestedBy: 'user:default/bob', requestedAt: '2026-01-01T09:59:00Z' };
    expect(failedOf(new ApiError(409, '', 'bob was faster', undefined, 'CONFLICT', details), asked)).toEqual({
      kind: 'conflict', message: 'bob was faster', holder: { id: 'x', requestedBy: 'user:default/bob', requestedAt: '2026-01-01T09:59:00Z', reason: undefined },
    });
    expect(failedOf(new ApiError(409, '', 'bob was faster', undefined, 'CONFLICT'), asked)).toMatchObject({ kind: 'conflict', holder: {} });
    expect(failedOf(new UnreachableError('x'), asked).kind).toBe('unknown');
    expect(failedOf(new ApiError(504, '', 'gateway'), asked).kind).toBe('unknown');
    expect(failedOf(new ApiError(502, '', 'down', undefined, 'SPACELIFT_UNAVAILABLE'), asked).kind).toBe('refused');
    expect(failedOf(new ApiError(403, 'NotAllowedError', 'no'), asked).kind).toBe('refused');
  });

  it('that made a run keeps it, whatever a second request is told', () => {
    const made = { kind: 'run' as const, runId: 'r' };
    const conflict = { kind: 'conflict' as const, message: '', holder: {} };
    expect(after(made, conflict)).toBe(made);
    expect(after({ kind: 'no' }, conflict)).toBe(conflict);
    expect(after(conflict, made)).toBe(made);
  });

  const run = {
    id: 'r', state: 'READY', group: 'progress' as const, finished: false, url: '', triggerId: 't', requestedBy: 'user:default/ada', reason: 'Because', createdAt: '2026-01-01T10:00:05Z',
  };

  it('whose answer was lost is settled by its id: the one that is pending, or a run of it', () => {
    expect(settledBy(unknown, trigger, [run])).toBeUndefined();
    expect(settledBy(unknown, { ...trigger, outcome: 'triggered', runId: 'r' }, undefined)).toMatchObject({ kind: 'run', runId: 'r' });
    expect(settledBy(unknown, undefined, [{ ...run, id: 'newer', triggerId: 'another' }, run])).toMatchObject({ kind: 'run', runId: 'r' });
    expect(settledBy(unknown, undefined, [{ ...run, triggerId: 'another' }])).toBeUndefined();
    expect(settledBy(unknown, undefined, [{ ...run, triggerId: undefined }])).toBeUndefined();
    expect(settledBy(unknown, { ...trigger, id: 'another', runId: 'x' }, undefined)).toBeUndefined();
  });

  it('whose id was lost too is settled only by what the same person asked for with the same words', () => {
    const lost = { ...unknown, requestId: undefined };
    const mine = { ...trigger, reason: 'Because' };
    expect(settledBy(lost, { ...mine, outcome: 'triggered', runId: 'r' }, undefined)).toMatchObject({ kind: 'run', runId: 'r' });
    expect(settledBy(lost, mine, [run])).toBeUndefined();
    expect(settledBy(lost, undefined, [run])).toMatchObject({ kind: 'run', runId: 'r' });
    for (const other of [{ requestedBy: 'user:default/bob' }, { reason: 'Another' }, { createdAt: '2026-01-01T09:00:00Z' }, { triggerId: undefined }]) {
      expect(settledBy(lost, undefined, [{ ...run, ...other }])).toBeUndefined();
    }
    expect(settledBy(lost, { ...mine, requestedBy: 'user:default/bob', outcome: 'triggered', runId: 'x' }, undefined)).toBeUndefined();
    expect(settledBy({ ...lost, asked: { ...asked, by: '' } }, undefined, [run])).toBeUndefined();
  });
});

describe('the status', () => {
  const good: Status = { account: 'a', readOnly: false, canWrite: true, stacks: 1, synced: { complete: true, at: '2026-01-01T10:00:00Z' }, breaker: 'closed' };
  const error = { error: 'no answer', code: 'SPACELIFT_UNAVAILABLE' as const };
  const tones = (more: Partial<Status>) => troublesOf({ ...good, ...more }, Date.parse('2026-01-01T10:00:00Z')).map((t) => t.tone);

  it('is worth a word only when something is wrong', () => {
    expect(tones({})).toEqual([]);
    expect(tones({ synced: { complete: false } })).toEqual(['info']);
    expect(tones({ synced: { complete: false, error } })).toEqual(['bad']);
    expect(tones({ synced: { ...good.synced, error }, breaker: 'open' })).toEqual(['warn']);
    expect(tones({ breaker: 'open' })).toEqual(['warn']);
    expect(tones({ rateLimitedUntil: '2026-01-01T10:01:00Z' })).toEqual(['warn']);
    expect(tones({ rateLimitedUntil: '2026-01-01T09:59:00Z' })).toEqual([]);
  });

  it('tells why nothing could be read, so that the list need not say it too', () => {
    const refused = new ApiError(503, '', 'no answer', undefined, error.code);
    expect(isTold(refused, { ...good, synced: { complete: false, error } })).toBe(true);
    expect(isTold(refused, { ...good, synced: { complete: false } })).toBe(false);
    expect(isTold(refused, { ...good, synced: { ...good.synced, error } })).toBe(false);
    expect(isTold(new ApiError(403, 'NotAllowedError', 'no'), { ...good, synced: { complete: false, error } })).toBe(false);
    expect(isTold(refused, undefined)).toBe(false);
  });
});

describe('descriptions', () => {
  it('are read into pieces', () => {
    expect(inlines('see `x`, **y** and [z](https://a.b/c) or https://d.e/f.')).toEqual([
      { kind: 'text', text: 'see ' }, { kind: 'code', text: 'x' }, { kind: 'text', text: ', ' }, { kind: 'strong', text: 'y' },
      { kind: 'text', text: ' and ' }, { kind: 'link', text: 'z', url: 'https://a.b/c' }, { kind: 'text', text: ' or ' },
      { kind: 'link', text: 'https://d.e/f', url: 'https://d.e/f' }, { kind: 'text', text: '.' },
    ]);
    expect(inlines('snake_case_name *em*').map((p) => p.kind)).toEqual(['text', 'em']);
    expect(blocks('# Head\nline\nmore\n\n- a\n- b\n\n```sh\nx\n\ny\n```').map((b) => b.kind)).toEqual(['heading', 'paragraph', 'list', 'code']);
    expect(plain('# A\n\n- **b**\n- c')).toBe('A b, c');
    expect(blocks('')).toEqual([]);
  });
});

describe('an annotation', () => {
  it('is a list with commas', () => {
    expect(annotatedStacks({ 'spacelift.io/stack-id': ' a, b,,a ' })).toEqual(['a', 'b']);
    expect(annotatedStacks(undefined)).toEqual([]);
  });
});
