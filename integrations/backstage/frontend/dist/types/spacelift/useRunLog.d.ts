import { type RunDetail, type SpaceliftApi } from '../api/SpaceliftApi';
import { LogText } from './logText';
export interface RunLogState {
    text: string;
    /** The run has ended and all of its log is here. */
    done: boolean;
    trouble?: string;
}
/** Follows the log of a run to its end, while somebody sees the page. */
export declare function useRunLog(run: Pick<RunDetail, 'id' | 'stackId' | 'history' | 'finished'>, off: boolean): RunLogState;
type Seen = {
    run: Pick<RunDetail, 'id' | 'stackId' | 'history' | 'finished'>;
};
/** Reads the log phase by phase, page by page, and goes on where it was. */
export declare class PageReader {
    private tokens;
    private ended;
    read(api: SpaceliftApi, run: Seen['run'], text: LogText, signal: AbortSignal): Promise<void>;
}
export {};
