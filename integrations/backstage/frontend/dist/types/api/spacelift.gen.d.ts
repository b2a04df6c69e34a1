export interface paths {
    "/stacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stacks, ordered by name and id
         * @description Filters of one kind are joined by or, kinds by and. An ETag is sent and If-None-Match honoured. The first read waits up to ten seconds for the first sync.
         */
        get: operations["listStacks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
            };
            cookie?: never;
        };
        /**
         * One stack, with what only its own page shows
         * @description Reads the stack upstream if the stored one is older than five seconds. If upstream cannot be read, the stored one is the answer, and stale is true.
         */
        get: operations["getStack"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
            };
            cookie?: never;
        };
        /** Runs of a stack, newest first */
        get: operations["listRuns"];
        put?: never;
        /**
         * Trigger a tracked run
         * @description Never sent to Spacelift twice. 409 CONFLICT while a run that was triggered here is pending on the same stack. If Spacelift's answer was lost, the newest runs are searched for our marker; if that does not settle it, the answer is 202 with outcome unknown, and the trigger stays pending until it is settled.
         */
        post: operations["triggerRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}/runs/{run}": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        /**
         * One run, with its history and what may be done with it
         * @description What was read within the last three seconds serves all who ask, as long as nothing happens to the stack.
         */
        get: operations["getRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}/runs/{run}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        /**
         * The log of a run, page by page or as a stream
         * @description Without follow, one page of one phase, which state names, and version where a state occurs twice. With follow=true, the phases of the run in order, from the beginning or from where token says, as one JSON object a line (application/x-ndjson), until the run has ended and all is read, or the stream ends as that of /events does; then connect again with the token of the last event that had one. All who follow a run share one reading.
         */
        get: operations["readRunLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}/runs/{run}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm a run, so that what it planned is applied
         * @description In UNCONFIRMED, unless an approval is missing. Needs spacelift.run.confirm. Each request is sent to Spacelift once at most. 200 as well if an earlier request of the same user has done it. 409 CONFLICT in another state, with details {state, allowedActions}. If Spacelift's answer was lost, the run is read again; if that does not settle it, the answer is 504 with details {outcome: unknown}.
         */
        post: operations["confirmRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}/runs/{run}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Discard what a run planned
         * @description In UNCONFIRMED and PENDING_REVIEW. Needs spacelift.run.stop. Each request is sent to Spacelift once at most. 200 as well if an earlier request of the same user has done it. 409 CONFLICT in another state, with details {state, allowedActions}. If Spacelift's answer was lost, the run is read again; if that does not settle it, the answer is 504 with details {outcome: unknown}.
         */
        post: operations["discardRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}/runs/{run}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a run that has not begun
         * @description In QUEUED and READY. Needs spacelift.run.stop. Each request is sent to Spacelift once at most. 200 as well if an earlier request of the same user has done it. 409 CONFLICT in another state, with details {state, allowedActions}. If Spacelift's answer was lost, the run is read again; if that does not settle it, the answer is 504 with details {outcome: unknown}.
         */
        post: operations["cancelRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stacks/{id}/runs/{run}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a run that is preparing or planning
         * @description In PREPARING, INITIALIZING and PLANNING. The worker takes some seconds, so the run that is answered may not have stopped yet. Needs spacelift.run.stop. Each request is sent to Spacelift once at most. 200 as well if an earlier request of the same user has done it. 409 CONFLICT in another state, with details {state, allowedActions}. If Spacelift's answer was lost, the run is read again; if that does not settle it, the answer is 504 with details {outcome: unknown}.
         */
        post: operations["stopRun"];
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
        /** How the sync is doing, and what may be done */
        get: operations["getStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells which stacks have changed
         * @description One JSON object a line, as of the catalog's events: until the server stops, the token expires, or fifteen minutes have passed; then connect again. The first event comes at once. Heartbeats every 20 seconds.
         */
        get: operations["streamEvents"];
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
         * @description attention is UNCONFIRMED and PENDING_REVIEW; failed FAILED; hold NONE, CONFIRMED and REPLAN_REQUESTED; progress the running states; finished FINISHED; other the rest
         * @enum {string}
         */
        StateGroup: "attention" | "failed" | "hold" | "progress" | "finished" | "other";
        Space: {
            id: string;
            name: string;
            /** @description Id of the space above; absent at the root */
            parent?: string;
            url?: string;
        };
        Commit: {
            hash: string;
            message: string;
            author?: string;
            /** Format: date-time */
            time?: string;
            url?: string;
        };
        Stack: {
            id: string;
            name: string;
            /** @description Markdown; empty when there is none */
            description: string;
            labels: string[];
            /** @description As Spacelift says it; a state that is not known is passed on as it is, UNKNOWN when there is none */
            state: string;
            /** Format: date-time */
            stateSetAt?: string;
            group: components["schemas"]["StateGroup"];
            space: components["schemas"]["Space"];
            branch?: string;
            repository?: string;
            namespace?: string;
            provider?: string;
            projectRoot?: string;
            /** @enum {string} */
            vendor?: "terraform" | "opentofu" | "terragrunt" | "pulumi" | "cloudformation" | "kubernetes" | "ansible" | "other";
            autodeploy?: boolean;
            disabled?: boolean;
            deleting?: boolean;
            lockedBy?: string;
            lockNote?: string;
            /** @description Name of a private worker pool */
            workerPool?: string;
            /** @description Id of the run that others wait for */
            blocker?: string;
            /** Format: date-time */
            createdAt?: string;
            commit?: components["schemas"]["Commit"];
            /** @description The stack's page at Spacelift */
            url: string;
            /** @description Whether a run can be triggered now */
            trigger: {
                allowed: boolean;
                /** @description Why not, for people */
                reason?: string;
                pending?: components["schemas"]["Trigger"];
            };
        };
        StackPage: {
            items: components["schemas"]["Stack"][];
            nextCursor?: string;
            /** @description How many match the filters */
            totalItems: number;
            /**
             * Format: date-time
             * @description When the last complete sync ended
             */
            syncedAt: string | null;
            /** @description All spaces with stacks, and those above them, for filters */
            spaces: components["schemas"]["Space"][];
            /** @description Labels by how many stacks have them, 200 at most */
            labels: components["schemas"]["Count"][];
            /** @description How many stacks are in each group, of those that match all filters but state and group */
            groups: components["schemas"]["Count"][];
        };
        Count: {
            value: string;
            count: number;
        };
        StackDetail: components["schemas"]["Stack"] & {
            /** Format: date-time */
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
            /** @description Refs of the catalog entities that the caller may see and that name this stack */
            entities: string[];
            /** @description Why entities is empty, where the catalog could not be read */
            entitiesError?: string;
        };
        Attachment: {
            id: string;
            name: string;
            type?: string;
            priority?: number;
        };
        StackRef: {
            id: string;
            name: string;
        };
        Run: {
            id: string;
            state: string;
            group: components["schemas"]["StateGroup"];
            type?: string;
            title?: string;
            branch?: string;
            /** Format: date-time */
            createdAt?: string;
            /** Format: date-time */
            updatedAt?: string;
            finished: boolean;
            /** @description A person, an API key as "api::<id>", or absent for a commit */
            triggeredBy?: string;
            /** @description The user of this portal who triggered it, as an entity ref */
            requestedBy?: string;
            /** @description What that user said */
            reason?: string;
            /** @description The id of the trigger of this portal that the run comes from, as in Trigger */
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
        };
        /** @enum {string} */
        RunAction: "confirm" | "discard" | "cancel" | "stop";
        RunActionRequest: {
            /** @description Why, for the audit log and for Spacelift */
            note?: string;
        };
        RunDetail: components["schemas"]["Run"] & {
            stackId: string;
            stackName: string;
            /** @description The states of the run, oldest first */
            history: components["schemas"]["RunTransition"][];
            /** @description Oldest first */
            comments: components["schemas"]["RunComment"][];
            /** @description What the state of the run, the stack, the configuration and the permission policy let the caller do now */
            allowedActions: components["schemas"]["RunAction"][];
            /** @description Why an action that the state would let be done is not among allowedActions, for people */
            actionsReason?: string;
            /** @description Whether the caller may read the logs */
            logsAllowed: boolean;
        };
        RunTransition: {
            state: string;
            group: components["schemas"]["StateGroup"];
            /** @description Number of the transition in its run; a state may occur twice, a number does not */
            stateVersion: number;
            /** Format: date-time */
            timestamp?: string;
            hasLogs: boolean;
            terminal: boolean;
            /** @description Who did it, as Spacelift says it */
            username?: string;
            /** @description The user of this portal who asked for it, as an entity ref */
            requestedBy?: string;
            /** @description What that user, or the one at Spacelift, said */
            note?: string;
        };
        RunComment: {
            body: string;
            username?: string;
            /** Format: date-time */
            createdAt?: string;
        };
        RunLogMessage: {
            /** Format: date-time */
            timestamp?: string;
            /** @description As Spacelift says it: it may end in a newline, and hold ANSI escapes */
            message: string;
        };
        RunLogPage: {
            /** @description False where the phase has no log (yet) */
            exists: boolean;
            messages: components["schemas"]["RunLogMessage"][];
            /** @description Where to go on reading, now or, where hasMore is false, later; absent at the end */
            nextToken?: string;
            /** @description Whether this is the end of the phase */
            finished: boolean;
            /** @description Whether there is more to read at once */
            hasMore: boolean;
            /** @description Whether Spacelift has deleted the log for its age */
            expired: boolean;
        };
        RunLogEvent: {
            /**
             * @description phase: the run came into state; log: messages of the phase that stateVersion tells; expired: the phase's log was deleted for its age; skipped: some of the log is left out, because there is more than is kept for those who follow, and may be read page by page; trouble: Spacelift cannot be read just now, and is asked again; done: the run has ended and all is read; end: connect again with the last token, unless done came before
             * @enum {string}
             */
            type: "phase" | "log" | "expired" | "skipped" | "trouble" | "done" | "heartbeat" | "end";
            /** @description Where to go on after this event */
            token?: string;
            /** @description Of phase, log, expired and done */
            state?: string;
            stateVersion?: number;
            /**
             * Format: date-time
             * @description Of phase
             */
            timestamp?: string;
            /** @description Of phase */
            hasLogs?: boolean;
            /** @description Of log */
            messages?: components["schemas"]["RunLogMessage"][];
            /** @description Of trouble, for people */
            error?: string;
            /** @description Of trouble, as in Error */
            code?: string;
        };
        RunPage: {
            items: components["schemas"]["Run"][];
            nextCursor?: string;
        };
        TriggerRequest: {
            /** @description Why, for the audit log and for Spacelift */
            reason?: string;
        };
        Trigger: {
            /** @description Id of the request; it is also our marker at Spacelift */
            id: string;
            stackId: string;
            /**
             * @description sending: being sent now; unknown: the answer was lost
             * @enum {string}
             */
            outcome: "sending" | "triggered" | "unknown";
            runId?: string;
            /** @description State of the run when it was last read */
            state?: string;
            requestedBy: string;
            /** Format: date-time */
            requestedAt: string;
            reason?: string;
            /** @description For people, when the outcome is unknown */
            message?: string;
        };
        Status: {
            /** @description Host of the account */
            account: string;
            url?: string;
            /** @description The configuration forbids writes */
            readOnly: boolean;
            /** @description False when the configuration forbids writes or the key can write to no stack */
            canWrite: boolean;
            keyName?: string;
            stacks: number;
            /** @description Stacks in states that this release does not know */
            unknownStates?: number;
            synced: {
                /** @description Whether there ever was a complete sync */
                complete: boolean;
                /** Format: date-time */
                at?: string;
                durationMs?: number;
                /** Format: date-time */
                next?: string;
                error?: components["schemas"]["Error"];
            };
            token?: {
                valid: boolean;
                /** Format: date-time */
                expiresAt?: string;
            };
            /** @enum {string} */
            breaker: "closed" | "open" | "half-open";
            /** Format: date-time */
            rateLimitedUntil?: string;
        };
        Event: {
            /**
             * @description stacks: these have changed; hello and status: read again what you show
             * @enum {string}
             */
            type: "hello" | "stacks" | "status" | "heartbeat" | "end";
            /** @description Stacks that changed; absent when there are more than 200 */
            ids?: string[];
        };
        Error: {
            /** @description For people. (Errors of the framework have an object here, with name and message) */
            error: string;
            /** @enum {string} */
            code?: "SPACELIFT_FORBIDDEN" | "SPACELIFT_AUTH" | "SPACELIFT_SCHEMA" | "SPACELIFT_REJECTED" | "SPACELIFT_RATE_LIMITED" | "SPACELIFT_UNAVAILABLE" | "NOT_FOUND" | "CONFLICT" | "READ_ONLY" | "INVALID" | "NOT_ALLOWED" | "PERMISSION_UNAVAILABLE";
            requestId?: string;
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
        StackID: string;
        RunID: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listStacks: {
        parameters: {
            query?: {
                /** @description Words, all of which occur in name, id, description, labels, branch, repository or space; case does not matter */
                q?: string;
                /** @description States */
                state?: string[];
                /** @description Groups of states */
                group?: components["schemas"]["StateGroup"][];
                /** @description Ids of spaces; a space includes those below it */
                space?: string[];
                /** @description Labels; a stack must have all of them */
                label?: string[];
                /** @description Repositories, as in "namespace/repository" or the repository alone */
                repository?: string[];
                vendor?: string[];
                /** @description Stacks that this catalog entity names in its annotation spacelift.io/stack-id */
                entityRef?: string;
                limit?: number;
                /** @description The nextCursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of stacks */
            200: {
                headers: {
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StackPage"];
                };
            };
            /** @description Nothing has changed */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    getStack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stack */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StackDetail"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    listRuns: {
        parameters: {
            query?: {
                kind?: "tracked" | "proposed" | "task";
                cursor?: string;
            };
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of runs. Its size is Spacelift's */
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
    triggerRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["TriggerRequest"];
            };
        };
        responses: {
            /** @description Triggered */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trigger"];
                };
            };
            /** @description It is not known whether a run was created */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trigger"];
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
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
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
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    readRunLogs: {
        parameters: {
            query?: {
                follow?: boolean;
                /** @description The phase. Needed without follow; not to be given with it */
                state?: string;
                /** @description stateVersion of the phase */
                version?: number;
                /** @description Without follow, the nextToken of the page before; with follow, the token of an event */
                token?: string;
            };
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, or a stream of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunLogPage"];
                    "application/x-ndjson": components["schemas"]["RunLogEvent"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    confirmRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunActionRequest"];
            };
        };
        responses: {
            /** @description The run as it is then */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    discardRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunActionRequest"];
            };
        };
        responses: {
            /** @description The run as it is then */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
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
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunActionRequest"];
            };
        };
        responses: {
            /** @description The run as it is then */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    stopRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: components["parameters"]["StackID"];
                run: components["parameters"]["RunID"];
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RunActionRequest"];
            };
        };
        responses: {
            /** @description The run as it is then */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
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
    streamEvents: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A stream of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["Event"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
