import type { Run, Trigger } from '../api/SpaceliftApi';
export type Sent = 
/** Nothing has been asked for yet. */
{
    kind: 'no';
}
/** There is a run. */
 | {
    kind: 'run';
    runId: string;
    state?: string;
}
/** Nobody knows whether there is one. */
 | {
    kind: 'unknown';
    requestId?: string;
    message: string;
}
/** There is none from us: another one is pending. */
 | {
    kind: 'conflict';
    message: string;
    by?: string;
    at?: string;
    reason?: string;
} | {
    kind: 'refused';
    error: unknown;
};
export declare function sentOf(trigger: Trigger): Sent;
/** An error of the request. One that is no answer of the plugin says nothing about whether the run was made. */
export declare function failedOf(error: unknown): Sent;
/** Whether it is open what became of a request that changes something. */
export declare function isLost(error: unknown): boolean;
/** The run that a request whose answer was lost has led to, where it can be told by now. */
export declare function settledBy(requestId: string | undefined, pending: Trigger | undefined, runs: readonly Run[]): Sent | undefined;
/** A key that no other request has. crypto.randomUUID is there on https only. */
export declare function newKey(): string;
