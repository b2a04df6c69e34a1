/** An answer that is no success. */
export declare class ApiError extends Error {
    readonly status: number;
    /** The kind as the framework names it, such as NotFoundError; empty where the body has no such error. */
    readonly kind: string;
    /** The code by which Understudy's plugins tell their errors apart, such as SPACELIFT_AUTH. */
    readonly code?: string;
    readonly requestId?: string;
    /** What a plugin adds, by its code. */
    readonly details: Record<string, unknown>;
    constructor(status: number, message: string, more?: {
        kind?: string;
        code?: string;
        requestId?: string;
        details?: unknown;
    });
}
/** No answer at all: the server is down, the network is, or nothing came in time. */
export declare class UnreachableError extends Error {
    readonly cause?: unknown | undefined;
    constructor(message?: string, cause?: unknown | undefined);
}
/** An answer of 200 that is not what the route answers: a sign-in page of a proxy, for example. */
export declare class StrangeError extends Error {
    constructor(message: string);
}
/** The error that an answer stands for. `body` is its text, which need not be JSON. */
export declare function errorOf(status: number, statusText: string, body: string, header?: string | null): ApiError;
/** A route that the backend does not have, as against a thing that it does not know. */
export declare function isRouteMissing(error: unknown): boolean;
export interface Words {
    title: string;
    text: string;
}
/** What to tell a person about an error: always text, whatever was thrown. */
export declare function wordsOf(error: unknown): Words;
