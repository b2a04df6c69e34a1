export interface Action<A extends unknown[]> {
    run: (...args: A) => void;
    busy: boolean;
    error?: unknown;
    forget: () => void;
}
/** Something that a person does by a button: once at a time, and never twice by a double click. */
export declare function useAction<A extends unknown[]>(work: (...args: A) => Promise<void>): Action<A>;
