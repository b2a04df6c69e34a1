// Generated from openapi.yaml by npm run types. Do not edit.
// sha256:92d2ce017250fa03b14d0604a31b42f6450fc1cc1af1e5900f6308ce48992643

export interface paths {
    "/bootstrap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a browser must know before anybody has signed in */
        get: operations["getBootstrap"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plugins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The plugins that this server knows, and how they are doing */
        get: operations["getPlugins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The recurring tasks of all hosted plugins
         * @description For service principals that may understudy.system.read, and for everybody in the demo; anybody else gets 403.
         */
        get: operations["getTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The merged configuration, as `understudy config print` shows it
         * @description Secrets are masked. For service principals that may understudy.system.read, and for everybody in the demo; anybody else gets 403.
         */
        get: operations["getConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the latest self-check of this server found
         * @description Begins none: without a check since the server started there are no steps and no checkedAt. For service principals that may understudy.system.read, and for everybody in the demo; anybody else gets 403.
         */
        get: operations["getCheck"];
        put?: never;
        /**
         * Look at everything that this server depends on, now
         * @description As `understudy check` does; takes up to a minute. Who asks while a check is under way gets the result of that one. For service principals that may understudy.check.create, and for everybody in the demo; anybody else gets 403.
         */
        post: operations["runCheck"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/attention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What in the catalog wants somebody's attention
         * @description Entities with processing errors, orphans, and entities that others refer to but that do not exist. Counts are of the whole catalog and may be some seconds old, which refreshIn tells; items are the first few that the caller may see.
         */
        get: operations["getAttention"];
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
         * Tells when the catalog changes
         * @description One JSON object a line, until the server stops, the token expires, or fifteen minutes have passed; then connect again. The first event comes at once. Changes in quick succession are one event.
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
        Bootstrap: {
            /** @description app.title, or the name of the product */
            title: string;
            version: string;
            /** @description The demo signs anyone in, and shows tasks and configuration to everybody */
            demo: boolean;
            /** @description The providers that a browser may sign in with */
            signIn: components["schemas"]["SignInProvider"][];
            /** @description Ids of the plugins that this server hosts */
            plugins: string[];
            elsewhere?: components["schemas"]["Elsewhere"];
        };
        /** @description Only there when another backend serves the catalog or sign-in. Browsers call these addresses themselves, with the user's own token */
        Elsewhere: {
            /**
             * Format: uri
             * @description Base URL of the plugin auth
             * @example https://backstage.example.com/api/auth
             */
            auth?: string;
            /**
             * Format: uri
             * @description Base URL of the plugin catalog
             */
            catalog?: string;
            /**
             * Format: uri
             * @description Where people look at that catalog
             */
            frontend?: string;
        };
        SignInProvider: {
            /** @example guest */
            id: string;
            /**
             * @description The environment to ask for, of a provider that signs in through a window of its own; the others are only asked for a token
             * @example production
             */
            env?: string;
        };
        PluginList: {
            plugins: components["schemas"]["Plugin"][];
        };
        Plugin: {
            /** @example catalog */
            id: string;
            /**
             * @description A remote plugin is served by another backend and is not asked for its health
             * @enum {string}
             */
            status: "ok" | "failing" | "remote";
            /** @description Where a remote plugin lives */
            address?: string;
            /** @description Why the plugin is failing */
            error?: string;
        };
        TaskList: {
            tasks: components["schemas"]["Task"][];
        };
        Task: {
            taskId: string;
            pluginId: string;
            /** @enum {string} */
            scope: "global" | "local";
            settings: {
                version: number;
                /** @description An ISO 8601 duration, a cron expression, or "manual" */
                cadence: string;
                initialDelayDuration?: string;
                timeoutAfterDuration?: string;
            };
            taskState: {
                /** @enum {string} */
                status: "idle" | "running";
                /** Format: date-time */
                startsAt?: string;
                /** Format: date-time */
                startedAt?: string;
                /** Format: date-time */
                timesOutAt?: string;
                /** Format: date-time */
                lastRunEndedAt?: string;
                /** @description An error as JSON text */
                lastRunError?: string;
            } | null;
            workerState: {
                /** @enum {string} */
                status: "initial-wait" | "idle" | "running";
            } | null;
        };
        ConfigLines: {
            lines: components["schemas"]["ConfigLine"][];
        };
        ConfigLine: {
            /** @example backend.listen */
            path: string;
            /** @description A scalar, or an empty list or object; a secret is *** */
            value: unknown;
            /** @example app-config.yaml:12:11 */
            origin: string;
        };
        CheckRequest: {
            /** @description A user token of Backstage's auth plugin, to be tried on this server. Without it, the token of the caller if that is a user, or a guest's where guests may sign in. */
            userToken?: string;
        };
        Check: {
            /**
             * Format: date-time
             * @description When the check began; absent where there has been none
             */
            checkedAt?: string;
            tookMillis: number;
            /** @description app.title, or the name of the product */
            title: string;
            version: string;
            passed: number;
            warnings: number;
            failed: number;
            skipped: number;
            steps: components["schemas"]["CheckStep"][];
        };
        CheckStep: {
            /**
             * @description It never changes
             * @example peer.catalog.token
             */
            id: string;
            /** @example a token of ours, accepted by the catalog */
            title: string;
            /**
             * @description A skipped step could not be tried, or is not needed; its detail says why
             * @enum {string}
             */
            outcome: "passed" | "warning" | "failed" | "skipped";
            /** @description What was found */
            detail?: string;
            /** @description What to do about it, in one line; only with a warning or a failure */
            fix?: string;
        };
        Attention: {
            /** @description How many entities were looked at */
            entities: number;
            errors: components["schemas"]["AttentionList"];
            orphans: components["schemas"]["AttentionList"];
            missing: components["schemas"]["AttentionList"];
            /** @description Only there when the catalog has changed since it was looked at: the seconds after which an answer may hold the change */
            refreshIn?: number;
        };
        AttentionList: {
            count: number;
            items: components["schemas"]["AttentionItem"][];
        };
        AttentionItem: {
            /** @example component:default/checkout */
            ref: string;
            /** @description The first error of an entity */
            message?: string;
            /** @description How many entities refer to a missing one */
            referrers?: number;
            /** @description One of the entities that refer to a missing one */
            from?: string;
        };
        Event: {
            /**
             * @description `position` when the catalog has changed, `heartbeat` so that a dead connection is noticed, `end` when the server closes the stream on purpose
             * @enum {string}
             */
            type: "position" | "heartbeat" | "end";
            /**
             * Format: int64
             * @description That of the last change that reads see
             */
            position?: number;
        };
        Error: {
            error: {
                name: string;
                message: string;
            };
            request?: {
                method?: string;
                url?: string;
            };
            response: {
                statusCode: number;
            };
        };
    };
    responses: {
        /** @description Another backend serves the catalog */
        NoCatalog: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
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
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getBootstrap: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Title, ways to sign in, plugins */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bootstrap"];
                };
            };
        };
    };
    getPlugins: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of their ids */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PluginList"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getTasks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of plugin and task */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskList"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getConfig: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description In the order of the merged document */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigLines"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getCheck: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The steps in the order in which people should read them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Check"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    runCheck: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CheckRequest"];
            };
        };
        responses: {
            /** @description The steps in the order in which people should read them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Check"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    getAttention: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Counts, and the first few of each */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attention"];
                };
            };
            404: components["responses"]["NoCatalog"];
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
            404: components["responses"]["NoCatalog"];
            /** @description Too many streams are open. Come back after the seconds that Retry-After names. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
