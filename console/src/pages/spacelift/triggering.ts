// What can come of asking for a run.
import { ApiError, UnreachableError } from '../../api/errors';
import type { Run, Trigger } from '../../api/spacelift';

export type Sent =
  /** Nothing has been asked for yet. */
  | { kind: 'no' }
  /** There is a run. */
  | { kind: 'run'; runId: string; state?: string }
  /** Nobody knows whether there is one. */
  | { kind: 'unknown'; requestId?: string; requestedAt: string; message: string }
  /** There is none from us: somebody else's is pending, or it was refused. */
  | { kind: 'conflict'; message: string }
  | { kind: 'refused'; error: unknown };

export function sentOf(trigger: Trigger): Sent {
  if (trigger.runId) return { kind: 'run', runId: trigger.runId, state: trigger.state };
  return {
    kind: 'unknown',
    requestId: trigger.id,
    requestedAt: trigger.requestedAt,
    message: trigger.message ?? "Spacelift's answer was lost on its way.",
  };
}

/** An error of the request. One that is no answer of the plugin says nothing about whether the run was made. */
export function failedOf(error: unknown, askedAt: string): Sent {
  const gateway = error instanceof ApiError && error.code === undefined && [502, 504].includes(error.status);
  if (error instanceof UnreachableError || gateway) {
    return { kind: 'unknown', requestedAt: askedAt, message: "The portal's answer was lost on its way to this page." };
  }
  if (error instanceof ApiError && error.code === 'CONFLICT') return { kind: 'conflict', message: error.message };
  return { kind: 'refused', error };
}

/** Clocks differ: a run may look a little older than the request that made it. */
const skew = 30_000;

/**
 * What has become of a request whose answer was lost, by what is known of the stack now: the trigger that is pending
 * there, and its newest runs. Undefined while it cannot be told.
 */
export function settledBy(sent: Extract<Sent, { kind: 'unknown' }>, pending: Trigger | undefined, runs: Run[] | undefined): Sent | undefined {
  const ours = pending && (sent.requestId === undefined || pending.id === sent.requestId);
  if (ours && pending.runId) return sentOf(pending);
  if (ours) return undefined;
  const since = new Date(sent.requestedAt).getTime() - skew;
  const run = runs?.find((r) => r.requestedBy && r.createdAt && new Date(r.createdAt).getTime() >= since);
  return run && { kind: 'run', runId: run.id, state: run.state };
}
