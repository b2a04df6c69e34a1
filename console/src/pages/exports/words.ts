// Runs in words: what state they are in, what they are doing, how long, how much.
import type { Run, RunStatus } from '../../api/export';
import type { Tone } from '../../ui/Status';

const looks: Record<RunStatus, { tone: Tone; label: string }> = {
  queued: { tone: 'idle', label: 'Queued' },
  running: { tone: 'running', label: 'Running' },
  succeeded: { tone: 'ok', label: 'Succeeded' },
  partial: { tone: 'warn', label: 'Partial' },
  failed: { tone: 'bad', label: 'Failed' },
  cancelled: { tone: 'idle', label: 'Cancelled' },
  auth_failed: { tone: 'bad', label: 'Token refused' },
  not_entitled: { tone: 'bad', label: 'Not in the plan' },
};

/** The sign and the word of a status; one that nobody told us of has them too. */
export function statusLook(status: string): { tone: Tone; label: string } {
  return looks[status as RunStatus] ?? { tone: 'idle', label: status };
}

export function count(n: number, one: string, many: string): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

export function number(n: number): string {
  return n.toLocaleString('en');
}

/** What a run does, in two words. */
export function kindText(run: Pick<Run, 'dryRun' | 'full' | 'trigger'>): string {
  const what = run.trigger === 'retry' ? 'Retry' : run.full ? 'Full re-send' : 'Changes';
  return run.dryRun ? (what === 'Changes' ? 'Dry run' : `${what}, dry`) : what;
}

const triggers: Record<Run['trigger'], string> = {
  manual: 'by hand',
  cron: 'by the schedule',
  retry: 'by hand',
  missed: 'by the schedule, for a missed tick',
};

export function triggerText(trigger: string): string {
  return triggers[trigger as Run['trigger']] ?? trigger;
}

/** "40 ms", "0.4 s", "12 s", "3 min 5 s", "2 h 4 min". */
export function durationText(ms: number): string {
  if (ms < 0 || !Number.isFinite(ms)) return '–';
  if (ms > 0 && ms < 95) return `${Math.max(Math.round(ms), 1)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined(minutes, 'min', seconds % 60, 's');
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

function joined(a: number, unit: string, b: number, smaller: string): string {
  return b === 0 ? `${a} ${unit}` : `${a} ${unit} ${b} ${smaller}`;
}

/** How long a run took, or has taken until now. */
export function durationOf(run: Pick<Run, 'startedAt' | 'endedAt'>, now: number): number {
  const end = run.endedAt ? Date.parse(run.endedAt) : now;
  return Math.max(end - Date.parse(run.startedAt), 0);
}

/** What is left, no more exact than a guess can be. */
export function etaText(seconds: number | undefined): string | undefined {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  if (seconds < 2) return 'a moment left';
  if (seconds < 20) return `about ${Math.round(seconds)} s left`;
  if (seconds < 55) return `about ${Math.round(seconds / 5) * 5} s left`;
  const minutes = Math.max(Math.round(seconds / 60), 1);
  if (minutes < 60) return `about ${minutes} min left`;
  return `about ${joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min')} left`;
}

export function rateText(rate: number | undefined): string | undefined {
  if (!rate || !Number.isFinite(rate)) return undefined;
  return `${rate < 10 ? rate.toFixed(1).replace(/\.0$/, '') : number(Math.round(rate))} a second`;
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'];

export function bytesText(bytes: number): string {
  let unit = 0;
  let n = bytes;
  while (n >= 999.5 && unit < byteUnits.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit > 0 && n < 9.95 ? n.toFixed(1) : Math.round(n)} ${byteUnits[unit]}`;
}

/** What a run did or will do, in one line. */
export function outcomeText(run: Pick<Run, 'counts' | 'dryRun' | 'status'>): string {
  const { counts: c, dryRun } = run;
  const parts: string[] = [];
  if (c.read === 0 && c.filtered === 0) return 'nothing was read';
  if (dryRun) {
    parts.push(`${number(c.create)} to create`, `${number(c.update)} to update`);
  } else {
    parts.push(c.sent === 0 && c.failed === 0 && c.unchanged > 0 ? 'nothing to send' : `${number(c.sent)} sent`);
  }
  if (c.unchanged > 0) parts.push(`${number(c.unchanged)} unchanged`);
  if (c.skipped > 0) parts.push(`${number(c.skipped)} skipped`);
  if (c.failed > 0) parts.push(`${number(c.failed)} failed`);
  if (c.pending > 0 && !dryRun) parts.push(`${number(c.pending)} not sent yet`);
  return parts.join(', ');
}

const codes: Record<string, string> = {
  unmappable_id: 'its name makes no id that Rely takes',
  duplicate_id: 'another entity has this id; name or map one of them differently',
  mapping: 'the mapping failed',
  too_large: 'larger than one request may be',
  rejected: 'refused by the destination',
  parked: 'set aside after it had failed again and again',
};

/** Why an item failed, by its code; one that nobody told us of is shown as it is. */
export function codeText(code: string): string {
  return codes[code] ?? code.replaceAll('_', ' ');
}
