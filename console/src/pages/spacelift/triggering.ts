// What can come of asking for a run.
import { ApiError, UnreachableError } from '../../api/errors';
import type { Run, Trigger } from '../../api/spacelift';

/** Who has made what stands in the way, and when; what the server did not say is left out. */
export interface Holder {
  id?: string;
  requestedBy?: string;
  requestedAt?: string;
  reason?: string;
}

/** What this page itself has sent. */
export interface Asked {
  at: string;
  /** Empty where the session does not tell who one is. */
  by: string;
  reason: string;
}

export type Sent =
  /** Nothing has been asked for yet. */
  | { kind: 'no' }
  /** There is a run. */
  | { kind: 'run'; runId: string; state?: string }
  /** Nobody knows whether there is one. */
  | { kind: 'unknown'; requestId?: string; asked: Asked; message: string }
  /** There is none from us: somebody else's is pending, or it was refused. */
  | { kind: 'conflict'; message: string; holder: Holder }
  | { kind: 'refused'; error: unknown };

export function sentOf(trigger: Trigger, asked: Asked): Sent {
  if (trigger.runId) return { kind: 'run', runId: trigger.runId, state: trigger.state };
  return {
    kind: 'unknown',
    requestId: trigger.id,
    asked,
    message: trigger.message ?? "Spacelift's answer was lost on its way.",
  };
}

/** An error of the request. One that is no answer of the plugin says nothing about whether the run was made. */
export function failedOf(error: unknown, asked: Asked): Sent {
  const gateway = error instanceof ApiError && error.code === undefined && [502, 504].includes(error.status);
  if (error instanceof UnreachableError || gateway) {
    return { kind: 'unknown', asked, message: "The portal's answer was lost on its way to this page." };
  }
  if (error instanceof ApiError && error.code === 'CONFLICT') return { kind: 'conflict', message: error.message, holder: holderOf(error.details) };
  return { kind: 'refused', error };
}

function holderOf(details: unknown): Holder {
  const said = (details ?? {}) as Record<string, unknown>;
  const text = (key: string) => (typeof said[key] === 'string' && said[key] !== '' ? said[key] : undefined);
  return { id: text('trigger'), requestedBy: text('requestedBy'), requestedAt: text('requestedAt'), reason: text('reason') };
}

/** What follows after another answer: a run of ours stays, also where a second request ran into it. */
export function after(before: Sent, next: Sent): Sent {
  return before.kind === 'run' && next.kind !== 'run' ? before : next;
}

/** Clocks differ: a run may look a little older than the request that made it. */
const skew = 30_000;

/**
 * What has become of a request whose answer was lost, by what is known of the stack now: the trigger that is pending
 * there, and its newest runs. Undefined while it cannot be told. The run of somebody else is never taken for ours.
 */
export function settledBy(sent: Extract<Sent, { kind: 'unknown' }>, pending: Trigger | undefined, runs: Run[] | undefined): Sent | undefined {
  if (pending && isOurs(sent, { ...pending, triggerId: pending.id, createdAt: pending.requestedAt })) {
    return pending.runId ? sentOf(pending, sent.asked) : undefined;
  }
  const run = runs?.find((r) => isOurs(sent, r));
  return run && { kind: 'run', runId: run.id, state: run.state };
}

/** By the id of the request. Where not even that has arrived, by who asked, why and when. */
function isOurs({ requestId, asked }: Extract<Sent, { kind: 'unknown' }>, made: Pick<Run, 'triggerId' | 'requestedBy' | 'reason' | 'createdAt'>): boolean {
  if (!made.triggerId) return false;
  if (requestId !== undefined) return made.triggerId === requestId;
  const since = Date.parse(asked.at) - skew;
  return asked.by !== '' && made.requestedBy === asked.by && (made.reason ?? '') === asked.reason && Date.parse(made.createdAt ?? '') >= since;
}
