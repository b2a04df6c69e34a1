// Where the bars of the history's chart stand: above, what became of the entities of each run; below, how long it took.
import type { Run } from '../../api/export';
import { durationOf } from './words';

export type SegmentKind = 'unchanged' | 'sent' | 'planned' | 'failed';

export interface Segment {
  kind: SegmentKind;
  value: number;
  y: number;
  height: number;
}

export interface Column {
  run: Run;
  x: number;
  width: number;
  segments: Segment[];
  duration: { value: number; y: number; height: number };
}

export interface Tick {
  y: number;
  value: number;
}

export interface Chart {
  height: number;
  left: number;
  columns: Column[];
  items: { top: number; bottom: number; ticks: Tick[] };
  durations: { top: number; bottom: number; ticks: Tick[] };
}

const left = 46;
const itemsTop = 10;
const itemsHeight = 118;
const between = 30;
const durationsHeight = 50;
const narrowest = 13;
const widest = 56;
const most = 40;
/** What is there can be seen, however little it is. */
const least = 2;

/** The smallest round number that is no less than n. */
export function niceMax(n: number): number {
  if (n <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(n));
  for (const step of [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8]) if (step * power >= n) return Math.round(step * power);
  return 10 * power;
}

const niceTimes = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 36_000, 86_400];

/** The same for durations: steps that clocks have. */
export function niceDuration(ms: number): number {
  return (niceTimes.find((s) => s * 1000 >= ms) ?? Math.ceil(ms / 86_400_000) * 86_400) * 1000;
}

export function amounts(run: Run): { kind: SegmentKind; value: number }[] {
  const c = run.counts;
  const work = run.dryRun
    ? { kind: 'planned' as const, value: c.create + c.update }
    : { kind: 'sent' as const, value: c.sent };
  return [{ kind: 'unchanged' as const, value: c.unchanged }, work, { kind: 'failed' as const, value: c.failed }].filter((s) => s.value > 0);
}

/** `runs` are the newest first, as lists are; the chart reads from the left. */
export function chartOf(runs: Run[], width: number, now: number): Chart {
  const room = Math.max(width - left, 0);
  const shown = runs.slice(0, Math.max(Math.min(Math.floor(room / narrowest), most), 1)).toReversed();
  const slot = Math.min(room / Math.max(shown.length, 1), widest);
  const items = { top: itemsTop, bottom: itemsTop + itemsHeight };
  const durations = { top: items.bottom + between, bottom: items.bottom + between + durationsHeight };
  const mostItems = niceMax(Math.max(...shown.map((r) => sum(amounts(r).map((s) => s.value))), 1));
  const longest = niceDuration(Math.max(...shown.map((r) => durationOf(r, now)), 1));
  return {
    height: durations.bottom + 8,
    left,
    columns: shown.map((run, i) => {
      const took = durationOf(run, now);
      const height = Math.max((took / longest) * durationsHeight, least);
      return {
        run,
        x: left + i * slot,
        width: slot,
        segments: stack(amounts(run), itemsHeight / mostItems, items.bottom),
        duration: { value: took, y: durations.bottom - height, height },
      };
    }),
    items: { ...items, ticks: ticks(mostItems, items) },
    durations: { ...durations, ticks: ticks(longest, durations).slice(0, 1) },
  };
}

function ticks(max: number, { top, bottom }: { top: number; bottom: number }): Tick[] {
  const out = [{ value: max, y: top }];
  if (max % 2 === 0) out.push({ value: max / 2, y: (top + bottom) / 2 });
  return out;
}

function stack(parts: { kind: SegmentKind; value: number }[], scale: number, bottom: number): Segment[] {
  const heights = parts.map((p) => Math.max(p.value * scale, least));
  // What small parts were given is taken from the largest, so that the whole keeps its height.
  const excess = sum(heights) - Math.max(sum(parts.map((p) => p.value)) * scale, least * parts.length);
  const largest = heights.indexOf(Math.max(...heights));
  if (excess > 0 && largest >= 0) heights[largest]! -= excess;
  let y = bottom;
  return parts.map((p, i) => {
    y -= heights[i]!;
    return { ...p, y, height: heights[i]! };
  });
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
