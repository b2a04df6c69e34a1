import { describe, expect, it } from 'vitest';
import type { Run } from '../../api/export';
import { chartOf, niceDuration, niceMax } from './chart';
import { belongsTo, documentLines, sourceOf } from './documentLines';

const counts: Run['counts'] = {
  read: 0, filtered: 0, skipped: 0, unmappable: 0, unchanged: 0, create: 0, update: 0, sent: 0, failed: 0, pending: 0,
  deleteCandidates: 0, chunks: 0, requests: 0, bytes: 0, wireBytes: 0,
};
const run = (i: number, c: Partial<Run['counts']>, seconds = 3, fields: Partial<Run> = {}): Run => ({
  id: `r${i}`, destination: 'rely', trigger: 'cron', status: 'succeeded', dryRun: false, full: false,
  startedAt: new Date(0).toISOString(), endedAt: new Date(seconds * 1000).toISOString(), ...fields, counts: { ...counts, ...c },
});

describe('the chart', () => {
  it('has round scales that hold the highest', () => {
    expect([0, 1, 2, 219, 227, 1001, 65_000].map(niceMax)).toEqual([1, 1, 2, 240, 240, 1200, 80_000]);
    expect([1, 900, 1001, 41_000, 3_700_000, 90_000_000].map(niceDuration)).toEqual([1000, 1000, 2000, 60_000, 7_200_000, 172_800_000]);
  });

  it.each([200, 320, 700, 1400])('keeps all bars inside a width of %i, the newest on the right', (width) => {
    const runs = Array.from({ length: 90 }, (_, i) => run(i, { sent: (i * 7919) % 5000, unchanged: (i * 31) % 4000, failed: i % 3 }, (i * 17) % 300));
    const chart = chartOf(runs, width, 0);
    expect(chart.columns.at(-1)!.run.id).toBe('r0');
    expect(chart.columns.length).toBeLessThanOrEqual(40);
    for (const [i, column] of chart.columns.entries()) {
      expect(column.x).toBeGreaterThanOrEqual(chart.left);
      expect(column.x + column.width).toBeLessThanOrEqual(width + 0.001);
      if (i > 0) expect(column.x).toBeCloseTo(chart.columns[i - 1]!.x + column.width);
      let floor = chart.items.bottom;
      for (const s of column.segments) {
        expect(s.height).toBeGreaterThan(0);
        expect(s.y + s.height).toBeCloseTo(floor);
        floor = s.y;
      }
      expect(floor).toBeGreaterThanOrEqual(chart.items.top - 0.001);
      expect(column.duration.y).toBeGreaterThanOrEqual(chart.durations.top - 0.001);
      expect(column.duration.y + column.duration.height).toBeCloseTo(chart.durations.bottom);
    }
  });

  it('shows one failed entity among 65,000, and the whole keeps its height', () => {
    const [column] = chartOf([run(0, { unchanged: 64_990, sent: 9, failed: 1 })], 700, 0).columns;
    expect(column!.segments.map((s) => s.kind)).toEqual(['unchanged', 'sent', 'failed']);
    expect(column!.segments.every((s) => s.height >= 2)).toBe(true);
    const height = column!.segments.reduce((sum, s) => sum + s.height, 0);
    expect(height).toBeCloseTo((65_000 / 80_000) * 118);
  });

  it('draws a plan apart from what was sent, and nothing for a run that did nothing', () => {
    const chart = chartOf([run(1, {}), run(0, { create: 3, update: 4 }, 1, { dryRun: true })], 700, 0);
    expect(chart.columns[0]!.segments).toMatchObject([{ kind: 'planned', value: 7 }]);
    expect(chart.columns[1]!.segments).toEqual([]);
    expect(chartOf([], 700, 0).columns).toEqual([]);
    expect(chartOf([run(0, { sent: 1 })], 0, 0).columns).toHaveLength(1);
  });

  it('lets the bar of a run under way grow with the clock', () => {
    const running = run(0, {}, 0, { endedAt: undefined, status: 'running' });
    expect(chartOf([running], 700, 5000).columns[0]!.duration.value).toBe(5000);
  });
});

describe('lines of a document', () => {
  it('begin with what it is', () => {
    expect(sourceOf({ zebra: 1, blueprintId: 'service', relations: {}, id: 'a' }, 'yaml')).toBe('id: a\nblueprintId: service\nrelations: {}\nzebra: 1\n');
  });

  const document = {
    id: 'component.default.a',
    properties: { tier: 1, 'on:call': 'x', tags: ['a: b', 'c'], nested: { deep: true } },
    relations: { team: { value: 'group.default.g' }, none: {} },
    title: 'A',
  };

  it.each(['yaml', 'json'] as const)('know their keys in %s', (format) => {
    const lines = documentLines(sourceOf(document, format), format);
    const path = (text: string) => lines.find((l) => `${l.lead}${l.key ?? ''}${l.value ?? ''}`.includes(text))?.path;
    expect(path('component.default.a')).toBe('id');
    expect(path('tier')).toBe('properties.tier');
    expect(lines.find((l) => l.key?.includes('on:call'))?.path).toBe('properties.on:call');
    expect(path('deep')).toBe('properties.nested.deep');
    expect(path('group.default.g')).toBe('relations.team.value');
    expect(path('title')).toBe('title');
    expect(lines.filter((l) => belongsTo(l.path, ['properties.tags'])).map((l) => `${l.lead}${l.key ?? ''}`).join(' ')).toMatch(/tags.*a: b.*c/);
    expect(lines.filter((l) => belongsTo(l.path, ['properties.tag']))).toEqual([]);
    expect(lines.filter((l) => belongsTo(l.path, ['relations'])).some((l) => l.key?.includes('title'))).toBe(false);
  });
});
