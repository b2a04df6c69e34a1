// How far a run is.
import type { Phase, Run } from '../../api/export';
import { number } from './words';

export const phases: { phase: Phase; label: string; hint: string }[] = [
  { phase: 'prepare', label: 'Prepare', hint: 'Looking at the destination and its blueprints' },
  { phase: 'plan', label: 'Plan', hint: 'Reading the catalog and comparing it with what was sent' },
  { phase: 'write', label: 'Send', hint: 'Sending what the plan says' },
  { phase: 'finish', label: 'Finish', hint: 'Writing down what became of it' },
];

export interface Progress {
  /** What is being done, as a sentence without its full stop. */
  text: string;
  /** "1,234 of 5,678". */
  amount?: string;
  /** 0 to 100; undefined while nobody can know. */
  percent?: number;
}

export function progressOf(run: Pick<Run, 'status' | 'phase' | 'counts' | 'dryRun'>): Progress {
  if (run.status === 'queued') return { text: 'Waiting for its turn' };
  const { counts: c } = run;
  switch (run.phase) {
    case 'plan':
      return { text: phases[1]!.hint, amount: c.read > 0 ? `${number(c.read)} read` : undefined };
    case 'write': {
      const { done, total } = sentOf(c);
      const percent = total > 0 ? Math.min((done / total) * 100, 100) : undefined;
      return { text: phases[2]!.hint, amount: `${number(done)} of ${number(total)}`, percent };
    }
    case 'finish':
      return { text: phases[3]!.hint, percent: 100 };
    default:
      return { text: phases[0]!.hint };
  }
}

/** What the plan wanted sent, and how much of it has settled well or badly. What could not be mapped never was in it. */
function sentOf(c: Run['counts']): { done: number; total: number } {
  const done = c.sent + Math.max(c.failed - c.unmappable, 0);
  return { done, total: Math.max(c.create + c.update, done + c.pending) };
}

/**
 * What a screen reader is told of a run under way: its phase, and each quarter of what is sent. More would be chatter.
 */
export function announcement(run: Pick<Run, 'status' | 'phase' | 'counts' | 'dryRun'>): string {
  const { text, percent } = progressOf(run);
  if (run.phase !== 'write' || percent === undefined) return text;
  return `${text}: ${Math.floor(percent / 25) * 25} percent`;
}

/** The whole seconds until a moment; 0 when it is over or unknown. */
export function secondsUntil(moment: string | undefined, now: number): number {
  if (!moment) return 0;
  const left = Math.ceil((Date.parse(moment) - now) / 1000);
  return Number.isFinite(left) && left > 0 ? left : 0;
}
