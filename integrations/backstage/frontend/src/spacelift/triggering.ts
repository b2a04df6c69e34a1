// What can come of asking for a run.
import { ApiError, UnreachableError, wordsOf } from '../api/errors';
import type { Run, Trigger } from '../api/SpaceliftApi';

export type Sent =
  /** Nothing has been asked for yet. */
  | { kind: 'no' }
  /** There is a run. */
  | { kind: 'run'; runId: string; state?: string }
  /** Nobody knows whether there is one. */
  | { kind: 'unknown'; requestId?: string; message: string }
  /** There is none from us: another one is pending. */
  | { kind: 'conflict'; message: string; by?: string; at?: string; reason?: string }
  | { kind: 'refused'; error: unknown };

export function sentOf(trigger: Trigger): Sent {
  if (trigger.runId) return { kind: 'run', runId: trigger.runId, state: trigger.state };
  return { kind: 'unknown', requestId: trigger.id, message: trigger.message ?? "Spacelift's answer was lost on its way." };
}

/** An error of the request. One that is no answer of the plugin says nothing about whether the run was made. */
export function failedOf(error: unknown): Sent {
  if (isLost(error)) return { kind: 'unknown', message: lostText(error) };
  if (error instanceof ApiError && error.code === 'CONFLICT') {
    const text = (key: string) => (typeof error.details[key] === 'string' ? (error.details[key] as string) : undefined);
    return { kind: 'conflict', message: error.message, by: text('requestedBy'), at: text('requestedAt'), reason: text('reason') };
  }
  return { kind: 'refused', error };
}

/** Whether it is open what became of a request that changes something. */
export function isLost(error: unknown): boolean {
  if (error instanceof UnreachableError) return true;
  if (!(error instanceof ApiError)) return false;
  if (error.status === 504) return true;
  // Without a code it is no answer of the plugin. A gateway answers 503, too, where a connection broke after the request was sent.
  return error.code === undefined && (error.status === 502 || error.status === 503);
}

function lostText(error: unknown): string {
  return error instanceof ApiError ? wordsOf(error).text : "The backend's answer was lost on its way to this page.";
}

/** The run that a request whose answer was lost has led to, where it can be told by now. */
export function settledBy(requestId: string | undefined, pending: Trigger | undefined, runs: readonly Run[]): Sent | undefined {
  if (requestId === undefined) return undefined;
  if (pending?.id === requestId && pending.runId) return { kind: 'run', runId: pending.runId, state: pending.state };
  const run = runs.find((r) => r.triggerId === requestId);
  return run && { kind: 'run', runId: run.id, state: run.state };
}
