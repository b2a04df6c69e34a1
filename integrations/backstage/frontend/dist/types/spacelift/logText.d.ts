import type { RunLogEvent } from '../api/SpaceliftApi';
export declare class LogText {
    text: string;
    /** Where to go on after what has come. */
    token?: string;
    done: boolean;
    trouble?: string;
    private phases;
    add(event: RunLogEvent): void;
    /** Messages may end in a newline or not. */
    private write;
    private phase;
    private line;
}
