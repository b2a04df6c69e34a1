import { type DiscoveryApi, type FetchApi } from '@backstage/core-plugin-api';
import type { components } from './export.gen';
type Schemas = components['schemas'];
export type ExportRun = Schemas['Run'];
export type ExportRunPage = Schemas['RunPage'];
export type ExportStatus = Schemas['Status'];
export type RunStatus = Schemas['RunStatus'];
export type Counts = Schemas['Counts'];
export type Item = Schemas['Item'];
export type ItemPage = Schemas['ItemPage'];
export type ItemStatus = Schemas['ItemStatus'];
export type Started = Schemas['Started'];
export interface StartOptions {
    dryRun?: boolean;
    full?: boolean;
}
export interface ExportApi {
    status(signal?: AbortSignal): Promise<ExportStatus>;
    runs(page?: {
        limit?: number;
        cursor?: string;
    }, signal?: AbortSignal): Promise<ExportRunPage>;
    run(id: string, signal?: AbortSignal): Promise<ExportRun>;
    items(run: string, status: ItemStatus | undefined, page?: {
        limit?: number;
        cursor?: string;
    }, signal?: AbortSignal): Promise<ItemPage>;
    start(options: StartOptions): Promise<Started>;
    cancel(run: string): Promise<ExportRun>;
    resume(run: string): Promise<ExportRun>;
    retryFailed(run: string): Promise<Started>;
}
export declare const exportApiRef: import("@backstage/frontend-plugin-api").ApiRef<ExportApi>;
export declare class ExportClient implements ExportApi {
    private readonly backend;
    constructor({ discovery, fetchApi }: {
        discovery: DiscoveryApi;
        fetchApi: FetchApi;
    });
    status(signal?: AbortSignal): Promise<{
        destination: string;
        target: string;
        mode?: string;
        gzip?: boolean;
        token: {
            state: "untested" | "accepted" | "refused" | "not_entitled";
            checkedAt?: string;
            message?: string;
        };
        schedule: {
            enabled: boolean;
            cron?: string;
            timezone?: string;
            next?: string;
        };
        running?: components["schemas"]["Run"];
        last?: components["schemas"]["Run"];
        runs: number;
        ledger?: {
            sent?: number;
            failed?: number;
            lagSeconds?: number;
        };
        limits?: {
            maxEntities?: number;
            maxBytes?: number;
            learnedBytes?: number;
            concurrency?: number;
            ratePerMinute?: number;
        };
        filters?: unknown;
    }>;
    runs({ limit, cursor }?: {
        limit?: number;
        cursor?: string;
    }, signal?: AbortSignal): Promise<{
        items: components["schemas"]["Run"][];
        nextCursor?: string;
    }>;
    run(id: string, signal?: AbortSignal): Promise<{
        id: string;
        destination: string;
        trigger: "manual" | "cron" | "retry" | "missed";
        requestedBy?: string;
        status: components["schemas"]["RunStatus"];
        phase?: components["schemas"]["Phase"];
        mode?: "tasks" | "bulk";
        dryRun: boolean;
        full: boolean;
        parentId?: string;
        counts: components["schemas"]["Counts"];
        rate?: number;
        etaSeconds?: number;
        startedAt: string;
        endedAt?: string;
        error?: string;
        warnings?: string[];
        digest?: string;
        waitingUntil?: string;
        note?: string;
        retryAt?: string;
        resumable?: boolean;
        href?: string;
    }>;
    items(run: string, status: ItemStatus | undefined, { limit, cursor }?: {
        limit?: number;
        cursor?: string;
    }, signal?: AbortSignal): Promise<{
        items: components["schemas"]["Item"][];
        nextCursor?: string;
    }>;
    start(options: StartOptions): Promise<{
        runId: string;
        destination: string;
        status: components["schemas"]["RunStatus"];
        href: string;
        joined?: boolean;
        run?: components["schemas"]["Run"];
    }>;
    cancel(run: string): Promise<{
        id: string;
        destination: string;
        trigger: "manual" | "cron" | "retry" | "missed";
        requestedBy?: string;
        status: components["schemas"]["RunStatus"];
        phase?: components["schemas"]["Phase"];
        mode?: "tasks" | "bulk";
        dryRun: boolean;
        full: boolean;
        parentId?: string;
        counts: components["schemas"]["Counts"];
        rate?: number;
        etaSeconds?: number;
        startedAt: string;
        endedAt?: string;
        error?: string;
        warnings?: string[];
        digest?: string;
        waitingUntil?: string;
        note?: string;
        retryAt?: string;
        resumable?: boolean;
        href?: string;
    }>;
    resume(run: string): Promise<{
        id: string;
        destination: string;
        trigger: "manual" | "cron" | "retry" | "missed";
        requestedBy?: string;
        status: components["schemas"]["RunStatus"];
        phase?: components["schemas"]["Phase"];
        mode?: "tasks" | "bulk";
        dryRun: boolean;
        full: boolean;
        parentId?: string;
        counts: components["schemas"]["Counts"];
        rate?: number;
        etaSeconds?: number;
        startedAt: string;
        endedAt?: string;
        error?: string;
        warnings?: string[];
        digest?: string;
        waitingUntil?: string;
        note?: string;
        retryAt?: string;
        resumable?: boolean;
        href?: string;
    }>;
    retryFailed(run: string): Promise<{
        runId: string;
        destination: string;
        status: components["schemas"]["RunStatus"];
        href: string;
        joined?: boolean;
        run?: components["schemas"]["Run"];
    }>;
}
export {};
