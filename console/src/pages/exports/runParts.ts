// What became of everything that a run read, as parts of one whole.
import type { Counts, Run } from '../../api/export';

export type PartKind = 'unchanged' | 'sent' | 'planned' | 'pending' | 'failed' | 'skipped';

export interface Part {
  kind: PartKind;
  label: string;
  hint: string;
  value: number;
}

export function partsOf(run: Pick<Run, 'counts' | 'dryRun'>): Part[] {
  const { counts: c, dryRun } = run;
  const parts: Part[] = dryRun
    ? [{ kind: 'planned', label: 'Would be sent', hint: `${c.create} to create, ${c.update} to update`, value: c.create + c.update }]
    : [
        { kind: 'sent', label: 'Sent', hint: 'Settled at the destination', value: c.sent },
        { kind: 'pending', label: 'Not sent yet', hint: 'Planned, and not settled', value: c.pending },
      ];
  return [
    ...parts,
    { kind: 'unchanged', label: 'Unchanged', hint: 'The destination has them as they are', value: c.unchanged },
    { kind: 'skipped', label: 'Skipped', hint: 'Left out by the mapping, or too large', value: c.skipped },
    { kind: 'failed', label: 'Failed', hint: 'Refused by the destination, or not mappable', value: c.failed },
  ];
}

/** Parts in percent of their sum, for a bar; what is there is never thinner than can be seen. */
export function shares(parts: Part[]): { part: Part; percent: number }[] {
  const there = parts.filter((p) => p.value > 0);
  const total = there.reduce((sum, p) => sum + p.value, 0);
  const raw = there.map((part) => ({ part, percent: Math.max((part.value / total) * 100, 1) }));
  const sum = raw.reduce((a, b) => a + b.percent, 0);
  return raw.map(({ part, percent }) => ({ part, percent: (percent / sum) * 100 }));
}

/** How much smaller bodies became by compression, in percent; undefined where there was none. */
export function savedPercent(counts: Pick<Counts, 'bytes' | 'wireBytes'>): number | undefined {
  if (counts.bytes <= 0 || counts.wireBytes <= 0 || counts.wireBytes >= counts.bytes) return undefined;
  return Math.round((1 - counts.wireBytes / counts.bytes) * 100);
}
