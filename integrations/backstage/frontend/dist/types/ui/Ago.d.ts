/** How long ago, or in how long: the largest unit that fits. */
export declare function relative(time: string, now: number): string;
/** A time as people say it; the exact one is its title. */
export declare const Ago: ({ time, now }: {
    time?: string;
    now?: number;
}) => import("react/jsx-runtime").JSX.Element;
/** A duration in words: 850 ms, 12 s, 3 min 5 s, 2 h 10 min. */
export declare function duration(ms: number): string;
