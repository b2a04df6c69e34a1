/** The time, which goes on every second while `runs`. */
export declare function useNow(runs: boolean): number;
