/** All runs, newest first. `fresh` changes when there may be new ones. */
export declare const History: ({ fresh }: {
    fresh: string;
}) => import("react/jsx-runtime").JSX.Element;
