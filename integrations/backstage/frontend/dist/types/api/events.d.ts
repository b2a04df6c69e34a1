/** live: changes arrive; waiting: the stream is being opened again; off: nobody listens, or there is no such stream. */
export type LiveState = 'live' | 'waiting' | 'off';
/** The objects of a body that holds one JSON object a line. Lines that are none are left out. */
export declare function readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown>;
/** How long to wait before the next try: doubling up to half a minute, spread so that pages do not return all at once. */
export declare function backoff(failures: number, random?: () => number): number;
export interface Follow<E> {
    open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
    onEvent: (event: E) => void;
    onState: (state: LiveState) => void;
    /** Whether an error means that there is nothing to listen to. */
    hopeless: (error: unknown) => boolean;
}
/** Listens until the signal aborts, opening the stream again whenever it ends. */
export declare function follow<E extends {
    type: string;
}>(signal: AbortSignal, { open, onEvent, onState, hopeless }: Follow<E>): Promise<void>;
