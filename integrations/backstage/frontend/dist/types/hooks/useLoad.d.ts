export interface Loaded<T> {
    value?: T;
    error?: unknown;
    /** Nothing has come for this key yet. */
    loading: boolean;
    reload: () => void;
}
interface Options<T> {
    /** After how many milliseconds to ask again; false for never. */
    every?: (value: T | undefined, error: unknown) => number | false;
    /** Shows what another key had until this one has come. */
    keep?: boolean;
    /** Nothing is asked. */
    off?: boolean;
}
/**
 * Asks for something that `key` names, and again as `every` says; never twice at once, and not while nobody sees the page. What
 * has come stays when a later answer is an error, which is told beside it.
 */
export declare function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>, { every, keep, off }?: Options<T>): Loaded<T>;
export {};
