import type { DiscoveryApi, FetchApi } from '@backstage/core-plugin-api';
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;
export interface Ask {
    method?: 'GET' | 'POST';
    query?: Query;
    body?: unknown;
    headers?: Record<string, string>;
    signal?: AbortSignal;
}
/** Escapes what goes into a path: ids are chosen by people. */
export declare const path: (strings: TemplateStringsArray, ...ids: string[]) => string;
export declare function queryOf(query?: Query): string;
export declare class Backend {
    private readonly discovery;
    private readonly fetchApi;
    private readonly ids;
    private id;
    /** `ids` are the plugin's names, the first of which is asked first; where no route answers, the next. */
    constructor(discovery: DiscoveryApi, fetchApi: FetchApi, ids: readonly string[]);
    /** Where the plugin is, for messages. */
    base(): Promise<string>;
    /** Asks and reads JSON. */
    json<T>(where: string, ask?: Ask): Promise<T>;
    private candidates;
    private once;
    /** Opens a stream; whoever opens it ends it by the signal. */
    stream(where: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}
