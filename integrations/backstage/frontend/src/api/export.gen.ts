// Generated from export/openapi.yaml by npm run types. Do not edit.

export interface paths {
    "/migrate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** As POST, for callers that know only the address; refused where migrate.allowGet is false, and for prefetches */
        get: operations["startRunByGet"];
        put?: never;
        /**
         * Export now
         * @description A run that is under way already is the answer; no second one is started.
         */
        post: operations["startRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last run, the next, and what is known of the destination */
        get: operations["getStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs, newest first */
        get: operations["listRuns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        /** One run */
        get: operations["getRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        /**
         * What became of entities in a run, ordered by entity ref
         * @description Entities that had not changed are counted in the run and not listed.
         */
        get: operations["listItems"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a run after what is under way */
        post: operations["cancelRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with a partial, failed or cancelled run at the first chunk that has not settled */
        post: operations["resumeRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/retry-failed": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Map and send the failed items of a run again, as a new run */
        post: operations["retryFailed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an entity becomes at the destination, and how that differs from what was sent last */
        get: operations["preview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description partial means that some items or chunks did not arrive; resume or retry them
         * @enum {string}
         */
        RunStatus: "queued" | "running" | "succeeded" | "partial" | "failed" | "cancelled" | "auth_failed" | "not_entitled";
        /**
         * @description prepare looks at the destination and makes its blueprints; plan reads the catalog; write sends what the plan says
         * @enum {string}
         */
        Phase: "prepare" | "plan" | "write" | "finish";
        /** @enum {string} */
        ItemStatus: "pending" | "sent" | "failed" | "skipped";
        Counts: {
            /** @description Entities that the filters let through */
            read: number;
            /** @description Entities that they did not */
            filtered: number;
            /** @description Entities that the mapping leaves out, or that are too large */
            skipped: number;
            /** @description Entities that could not be mapped; they are among failed */
            unmappable: number;
            unchanged: number;
            create: number;
            update: number;
            /** @description Settled at the destination */
            sent: number;
            failed: number;
            pending: number;
            /** @description Sent earlier and gone now. Deletions are off in this release: nothing is deleted */
            deleteCandidates: number;
            chunks: number;
            /** @description Of all sorts, those of prepare too */
            requests: number;
            /** @description Of request bodies before compression */
            bytes: number;
            /** @description Of request bodies as sent */
            wireBytes: number;
        };
        Run: {
            id: string;
            destination: string;
            /** @enum {string} */
            trigger: "manual" | "cron" | "retry" | "missed";
            /** @description Entity ref of a user or subject of a service */
            requestedBy?: string;
            status: components["schemas"]["RunStatus"];
            phase?: components["schemas"]["Phase"];
            /** @enum {string} */
            mode?: "tasks" | "bulk";
            dryRun: boolean;
            full: boolean;
            /** @description The run that this one retries */
            parentId?: string;
            counts: components["schemas"]["Counts"];
            /** @description Items a second, over the last ten seconds of a running run, over all of an ended one */
            rate?: number;
            etaSeconds?: number;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            endedAt?: string;
            /** @description Why it failed, and what to do */
            error?: string;
            /** @description The first 50 different ones */
            warnings?: string[];
            /** @description Of what the destination should have: hex SHA-256 over the documents of this run, ordered by id */
            digest?: string;
            /**
             * Format: date-time
             * @description The destination asked us to wait until then
             */
            waitingUntil?: string;
            /** @description What went wrong last, while it is tried again; of a run under way only */
            note?: string;
            /**
             * Format: date-time
             * @description When what failed is tried again by itself
             */
            retryAt?: string;
            resumable?: boolean;
            href?: string;
        };
        RunPage: {
            items: components["schemas"]["Run"][];
            nextCursor?: string;
        };
        Started: {
            runId: string;
            /** @example rely */
            destination: string;
            status: components["schemas"]["RunStatus"];
            href: string;
            /** @description The run was under way already */
            joined?: boolean;
            run?: components["schemas"]["Run"];
        };
        Item: {
            entityRef: string;
            /** @description At the destination */
            id?: string;
            status: components["schemas"]["ItemStatus"];
            /** @enum {string} */
            operation?: "create" | "update";
            /** @description Why it failed: unmappable_id, mapping, too_large, rejected, parked … */
            code?: string;
            httpStatus?: number;
            /** @description In the words of the destination */
            message?: string;
            attempts?: number;
            /** Format: date-time */
            at?: string;
        };
        ItemPage: {
            items: components["schemas"]["Item"][];
            nextCursor?: string;
        };
        Status: {
            destination: string;
            /** @description The address that is written to */
            target: string;
            /** @description auto until the destination has been probed */
            mode?: string;
            gzip?: boolean;
            token: {
                /** @enum {string} */
                state: "untested" | "accepted" | "refused" | "not_entitled";
                /** Format: date-time */
                checkedAt?: string;
                message?: string;
            };
            schedule: {
                enabled: boolean;
                cron?: string;
                timezone?: string;
                /** Format: date-time */
                next?: string;
            };
            running?: components["schemas"]["Run"];
            last?: components["schemas"]["Run"];
            runs: number;
            ledger?: {
                /** @description Entities that the destination has from us */
                sent?: number;
                failed?: number;
                /** @description Age of the oldest change that has not arrived, as far as runs have seen it */
                lagSeconds?: number;
            };
            /** @description What is in force, with what was learned */
            limits?: {
                maxEntities?: number;
                maxBytes?: number;
                learnedBytes?: number;
                concurrency?: number;
                ratePerMinute?: number;
            };
            /** @description rely.entityFilters or rely.query as configured */
            filters?: unknown;
        };
        Preview: {
            entityRef: string;
            /** @description Whether filters and mapping let the entity through */
            included: boolean;
            /** @description Why it is left out */
            why?: string;
            document?: {
                [key: string]: unknown;
            };
            warnings: string[];
            lastSent?: {
                /** Format: date-time */
                at?: string;
                status?: components["schemas"]["ItemStatus"];
                message?: string;
                runId?: string;
            };
            /** @description Whether a run would send it */
            changed?: boolean;
            /** @description Keys that were not sent before */
            added?: string[];
            /** @description Keys that were sent before and will be cleared */
            removed?: string[];
        };
        Error: {
            error: {
                name?: string;
                message?: string;
            };
        };
    };
    responses: {
        /** @description An error */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: {
        RunID: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    startRunByGet: {
        parameters: {
            query?: {
                /** @description Plan only: nothing is written to the destination */
                dryRun?: boolean;
                /** @description Send what has not changed as well */
                full?: boolean;
                /** @description Compute what the destination should have as one hash; of dry runs only */
                digest?: boolean;
                /** @description Answer when the run has ended, or after this time, such as 30s; ten minutes at most */
                wait?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run ended in time */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Started"];
                };
            };
            /** @description The run goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Started"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    startRun: {
        parameters: {
            query?: {
                /** @description Plan only: nothing is written to the destination */
                dryRun?: boolean;
                /** @description Send what has not changed as well */
                full?: boolean;
                /** @description Compute what the destination should have as one hash; of dry runs only */
                digest?: boolean;
                /** @description Answer when the run has ended, or after this time, such as 30s; ten minutes at most */
                wait?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run ended in time */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Started"];
                };
            };
            /** @description The run goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Started"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getStatus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The status */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Status"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listRuns: {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of runs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunPage"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listItems: {
        parameters: {
            query?: {
                status?: components["schemas"]["ItemStatus"][];
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of items */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemPage"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    cancelRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    resumeRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    retryFailed: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Only these; all failed ones if absent */
                    entityRefs?: string[];
                };
            };
        };
        responses: {
            /** @description The new run */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Started"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    preview: {
        parameters: {
            query: {
                entityRef: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The preview */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
