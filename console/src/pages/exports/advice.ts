// Why something about an export did not work, and what to do.
import { advise, ApiError } from '../../api/errors';
import type { Run, RunStatus } from '../../api/export';

/** What to tell a person whose action was refused. Pages that could not be read have words of their own. */
export function adviseAction(error: unknown): { title: string; text: string } {
  if (error instanceof ApiError) {
    if (error.status === 403) return { title: 'You may not do this', text: error.message };
    if (error.status === 404) return { title: 'That run is gone', text: `${error.message}. Go back to the exports to see those that are kept.` };
    if (error.status === 409) return { title: 'Not now', text: error.message };
  }
  return advise(error);
}

export interface Problem {
  tone: 'bad' | 'warn';
  title: string;
  /** Steps; code stands between backticks. */
  mend: string[];
}

const problems: Partial<Record<RunStatus, Problem>> = {
  auth_failed: {
    tone: 'bad',
    title: 'Rely refused the token',
    mend: [
      'Create an API token in Rely’s settings. A user has one at a time: a new one revokes the old, wherever that is used.',
      'Put it into `Authorization: Bearer …` below `proxy.endpoints./rely.headers` in app-config.yaml, or into the variable named there, and start the server again.',
      'Then run again. What had arrived is not sent twice.',
    ],
  },
  not_entitled: {
    tone: 'bad',
    title: 'Rely says that its plan does not include this',
    mend: [
      'Rely keeps imports to some of its plans. Ask the person who looks after your account there.',
      'Until then, set `rely.cron.enabled` to `false`, so that the schedule does not try in vain.',
    ],
  },
  partial: {
    tone: 'warn',
    title: 'Some of it did not arrive',
    mend: [],
  },
  failed: { tone: 'bad', title: 'The run failed', mend: [] },
};

/** What was wrong with a run; undefined where nothing was. */
export function problemOf(run: Pick<Run, 'status' | 'error' | 'resumable' | 'counts'>): Problem | undefined {
  const problem = problems[run.status];
  if (!problem) return run.error ? { tone: 'warn', title: 'The run said', mend: [] } : undefined;
  const mend = [...problem.mend];
  if (run.status === 'partial' || run.status === 'failed') {
    if (run.counts.failed > 0) mend.push('Look at the failed items: each has the answer of the destination. Correct the entity or the mapping, then retry them.');
    if (run.resumable) mend.push('Resume goes on at the first part that has not arrived; what has arrived is not sent again.');
  }
  return { ...problem, mend };
}

/** Texts between backticks are code: the even pieces are plain, the odd ones code. */
export function codePieces(text: string): string[] {
  return text.split('`');
}
