// The outcomes of a self-check in words.
import type { CheckStep } from '../api/system';
import type { Tone } from '../ui/Status';

export const outcomes: Record<CheckStep['outcome'], { tone: Tone; word: string }> = {
  passed: { tone: 'ok', word: 'Passed' },
  warning: { tone: 'warn', word: 'Warning' },
  failed: { tone: 'bad', word: 'Failed' },
  skipped: { tone: 'skipped', word: 'Skipped' },
};

/** How long a check took. */
export function tookText(millis: number): string {
  return millis < 1000 ? `${millis} ms` : `${(millis / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} s`;
}
