import { describe, expect, it } from 'vitest';
import { isActive, navigation } from '../shell/nav';
import { compareKinds, kindLook } from '../theme/kinds';
import { relativeTime } from '../ui/Time';
import { cadenceText, lastErrorText } from './cadence';
import { layout } from './graphLayout';
import { relationGroups, relationLook } from './relations';

const ref = (n: number) => `component:default/c${n}`;

describe('relations', () => {
  it('are grouped in order, each target once, and what is no ref is passed over', () => {
    const groups = relationGroups({
      kind: 'Component',
      metadata: { name: 'x' },
      relations: [
        { type: 'dependsOn', targetRef: ref(1) },
        { type: 'ownedBy', targetRef: 'group:default/a' },
        { type: 'dependsOn', targetRef: ref(1) },
        { type: 'deployedBy', targetRef: 'pipeline:default/p' },
        { type: 'dependsOn', targetRef: '' },
      ],
    });
    expect(groups.map((g) => [g.type, g.targets.length])).toEqual([['ownedBy', 1], ['dependsOn', 1], ['deployedBy', 1]]);
  });

  it('have words for types that nobody told us of', () => {
    expect(relationLook('deployedBy')).toEqual({ label: 'deployed by', before: true });
    expect(relationLook('triggersHTTPCall')).toMatchObject({ before: false });
  });
});

describe('layout', () => {
  const groups = relationGroups({
    kind: 'Group',
    metadata: { name: 'x' },
    relations: [
      { type: 'childOf', targetRef: 'group:default/a' },
      ...Array.from({ length: 6 }, (_, i) => ({ type: 'hasMember', targetRef: `user:default/u${i}` })),
      ...Array.from({ length: 4000 }, (_, i) => ({ type: 'ownerOf', targetRef: ref(i) })),
    ],
  });

  it.each([320, 619, 620, 900])('keeps all boxes apart and inside at a width of %i', (width) => {
    const graph = layout(groups, width);
    expect(graph.boxes.filter((b) => b.target)).toHaveLength(1 + 6 + 5);
    expect(graph.boxes.find((b) => b.more)?.more).toBe(3995);
    const all = [graph.centre, ...graph.boxes];
    for (const [i, a] of all.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.y).toBeGreaterThanOrEqual(0);
      expect(a.x + a.width).toBeLessThanOrEqual(width);
      expect(a.y + a.height).toBeLessThanOrEqual(graph.height);
      for (const b of all.slice(i + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(apart).toBe(true);
      }
    }
    expect(graph.edges).toHaveLength(graph.boxes.length);
  });
});

describe('words', () => {
  it('for schedules', () => {
    expect(cadenceText('PT10M')).toBe('every 10 minutes');
    expect(cadenceText('PT1H')).toBe('every hour');
    expect(cadenceText('P1DT2H')).toBe('every 1 day 2 hours');
    expect(cadenceText('*/5 * * * *')).toBe('*/5 * * * *');
    expect(cadenceText('manual')).toBe('by hand');
    expect(cadenceText('P')).toBe('P');
  });

  it('for the errors of tasks', () => {
    expect(lastErrorText(undefined)).toBeUndefined();
    expect(lastErrorText('{"name":"Error","message":"boom"}')).toBe('boom');
    expect(lastErrorText('no JSON')).toBe('no JSON');
    expect(lastErrorText('null')).toBe('null');
  });

  it('for times', () => {
    const at = (seconds: number) => relativeTime(new Date(seconds * 1000), 0);
    expect([at(0), at(59), at(60), at(-7200), at(86_400 * 3)]).toEqual(['now', 'in 59 seconds', 'in 1 minute', '2 hours ago', 'in 3 days']);
  });
});

describe('kinds', () => {
  it('that nobody told us of have a look, and come last', () => {
    expect(kindLook('Spaceship')).toMatchObject({ label: 'Spaceship', plural: 'Spaceship' });
    expect(kindLook('COMPONENT').plural).toBe('Components');
    expect(['Zebra', 'user', 'Apple', 'API'].sort(compareKinds)).toEqual(['API', 'user', 'Apple', 'Zebra']);
  });
});

describe('navigation', () => {
  it('knows where one is', () => {
    const active = (path: string) => navigation.filter((e) => isActive(e, path)).map((e) => e.label);
    expect(active('/')).toEqual(['Overview']);
    expect(active('/catalog/default/component/x')).toEqual(['Catalog']);
    expect(active('/system/tasks')).toEqual(['System']);
    expect(active('/catalogue')).toEqual([]);
  });
});
