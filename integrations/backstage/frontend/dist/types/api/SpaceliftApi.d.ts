import { type ConfigApi, type DiscoveryApi, type FetchApi } from '@backstage/core-plugin-api';
import { isRouteMissing } from './errors';
import type { components } from './spacelift.gen';
type Schemas = components['schemas'];
export type Stack = Schemas['Stack'];
export type StackDetail = Schemas['StackDetail'];
export type StackPage = Schemas['StackPage'];
export type StateGroup = Schemas['StateGroup'];
export type Run = Schemas['Run'];
export type RunDetail = Schemas['RunDetail'];
export type RunPage = Schemas['RunPage'];
export type RunAction = Schemas['RunAction'];
export type RunLogPage = Schemas['RunLogPage'];
export type RunLogEvent = Schemas['RunLogEvent'];
export type Trigger = Schemas['Trigger'];
export type Status = Schemas['Status'];
export type SpaceliftEvent = Schemas['Event'];
export type RunKind = 'tracked' | 'proposed' | 'task';
/** What to list. Every list is a choice of any of its values, labels excepted: a stack has all of them. */
export interface StackFilters {
    q?: string;
    group?: readonly string[];
    space?: readonly string[];
    label?: readonly string[];
    entityRef?: string;
}
/** A stack as the official plugin has it. */
export interface OfficialStack {
    id: string;
    name: string;
    description?: string | null;
    branch: string;
    labels: string[];
    state: string;
    spaceDetails: {
        id: string;
        name: string;
    };
}
/** What the configuration of the app says, for where the backend does not. */
export interface AppSettings {
    hostUrl?: string;
    readOnly: boolean;
}
export interface SpaceliftApi {
    stacks(filters: StackFilters, page?: {
        limit?: number;
        cursor?: string;
    }, signal?: AbortSignal): Promise<StackPage>;
    stack(id: string, signal?: AbortSignal): Promise<StackDetail>;
    runs(stack: string, kind: RunKind, cursor?: string, signal?: AbortSignal): Promise<RunPage>;
    run(stack: string, run: string, signal?: AbortSignal): Promise<RunDetail>;
    logPage(stack: string, run: string, phase: {
        state: string;
        version?: number;
        token?: string;
    }, signal?: AbortSignal): Promise<RunLogPage>;
    openLog(stack: string, run: string, token: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
    openEvents(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
    /** `key` tells a request that is sent again from another one. */
    trigger(stack: string, reason: string, key: string): Promise<Trigger>;
    act(stack: string, run: string, action: RunAction, note: string, key: string): Promise<RunDetail>;
    status(signal?: AbortSignal): Promise<Status>;
    /** The official plugin's routes. */
    officialStacks(signal?: AbortSignal): Promise<OfficialStack[]>;
    officialTrigger(stack: string): Promise<{
        id: string;
        state?: string;
    }>;
    settings(): AppSettings;
}
export declare const spaceliftApiRef: import("@backstage/frontend-plugin-api").ApiRef<SpaceliftApi>;
interface Deps {
    discovery: DiscoveryApi;
    fetchApi: FetchApi;
    config: ConfigApi;
}
export declare class SpaceliftClient implements SpaceliftApi {
    private readonly backend;
    private readonly config;
    constructor({ discovery, fetchApi, config }: Deps);
    stacks(filters: StackFilters, { limit, cursor }?: {
        limit?: number;
        cursor?: string;
    }, signal?: AbortSignal): Promise<{
        items: components["schemas"]["Stack"][];
        nextCursor?: string;
        totalItems: number;
        syncedAt: string | null;
        spaces: components["schemas"]["Space"][];
        labels: components["schemas"]["Count"][];
        groups: components["schemas"]["Count"][];
    }>;
    stack(id: string, signal?: AbortSignal): Promise<{
        id: string;
        name: string;
        description: string;
        labels: string[];
        state: string;
        stateSetAt?: string;
        group: components["schemas"]["StateGroup"];
        space: components["schemas"]["Space"];
        branch?: string;
        repository?: string;
        namespace?: string;
        provider?: string;
        projectRoot?: string;
        vendor?: "terraform" | "opentofu" | "terragrunt" | "pulumi" | "cloudformation" | "kubernetes" | "ansible" | "other";
        autodeploy?: boolean;
        disabled?: boolean;
        deleting?: boolean;
        lockedBy?: string;
        lockNote?: string;
        workerPool?: string;
        blocker?: string;
        createdAt?: string;
        commit?: components["schemas"]["Commit"];
        url: string;
        trigger: {
            allowed: boolean;
            reason?: string;
            pending?: components["schemas"]["Trigger"];
        };
    } & {
        syncedAt: string;
        stale: boolean;
        terraformVersion?: string;
        workspace?: string;
        runnerImage?: string;
        managesStateFile?: boolean;
        protectFromDeletion?: boolean;
        policies?: components["schemas"]["Attachment"][];
        contexts?: components["schemas"]["Attachment"][];
        dependsOn?: components["schemas"]["StackRef"][];
        dependedOnBy?: components["schemas"]["StackRef"][];
        entities: string[];
        entitiesError?: string;
    }>;
    runs(stack: string, kind: RunKind, cursor?: string, signal?: AbortSignal): Promise<{
        items: components["schemas"]["Run"][];
        nextCursor?: string;
    }>;
    run(stack: string, run: string, signal?: AbortSignal): Promise<{
        id: string;
        state: string;
        group: components["schemas"]["StateGroup"];
        type?: string;
        title?: string;
        branch?: string;
        createdAt?: string;
        updatedAt?: string;
        finished: boolean;
        triggeredBy?: string;
        requestedBy?: string;
        reason?: string;
        triggerId?: string;
        drift?: boolean;
        needsApproval?: boolean;
        commit?: components["schemas"]["Commit"];
        delta?: {
            add: number;
            change: number;
            delete: number;
            import?: number;
            move?: number;
            forget?: number;
            resources?: number;
        };
        url: string;
    } & {
        stackId: string;
        stackName: string;
        history: components["schemas"]["RunTransition"][];
        comments: components["schemas"]["RunComment"][];
        allowedActions: components["schemas"]["RunAction"][];
        actionsReason?: string;
        logsAllowed: boolean;
    }>;
    logPage(stack: string, run: string, phase: {
        state: string;
        version?: number;
        token?: string;
    }, signal?: AbortSignal): Promise<{
        exists: boolean;
        messages: components["schemas"]["RunLogMessage"][];
        nextToken?: string;
        finished: boolean;
        hasMore: boolean;
        expired: boolean;
    }>;
    openLog(stack: string, run: string, token: string | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBufferLike>>>;
    openEvents(signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBufferLike>>>;
    trigger(stack: string, reason: string, key: string): Promise<{
        id: string;
        stackId: string;
        outcome: "sending" | "triggered" | "unknown";
        runId?: string;
        state?: string;
        requestedBy: string;
        requestedAt: string;
        reason?: string;
        message?: string;
    }>;
    act(stack: string, run: string, action: RunAction, note: string, key: string): Promise<{
        id: string;
        state: string;
        group: components["schemas"]["StateGroup"];
        type?: string;
        title?: string;
        branch?: string;
        createdAt?: string;
        updatedAt?: string;
        finished: boolean;
        triggeredBy?: string;
        requestedBy?: string;
        reason?: string;
        triggerId?: string;
        drift?: boolean;
        needsApproval?: boolean;
        commit?: components["schemas"]["Commit"];
        delta?: {
            add: number;
            change: number;
            delete: number;
            import?: number;
            move?: number;
            forget?: number;
            resources?: number;
        };
        url: string;
    } & {
        stackId: string;
        stackName: string;
        history: components["schemas"]["RunTransition"][];
        comments: components["schemas"]["RunComment"][];
        allowedActions: components["schemas"]["RunAction"][];
        actionsReason?: string;
        logsAllowed: boolean;
    }>;
    status(signal?: AbortSignal): Promise<{
        account: string;
        url?: string;
        readOnly: boolean;
        canWrite: boolean;
        keyName?: string;
        stacks: number;
        unknownStates?: number;
        synced: {
            complete: boolean;
            at?: string;
            durationMs?: number;
            next?: string;
            error?: components["schemas"]["Error"];
        };
        token?: {
            valid: boolean;
            expiresAt?: string;
        };
        breaker: "closed" | "open" | "half-open";
        rateLimitedUntil?: string;
    }>;
    officialStacks(signal?: AbortSignal): Promise<OfficialStack[]>;
    officialTrigger(stack: string): Promise<{
        id: string;
        state: string | undefined;
    }>;
    settings(): AppSettings;
}
/** Whether an error means that the backend is not Understudy's, or that there is none. */
export declare const isV1Missing: typeof isRouteMissing;
export {};
