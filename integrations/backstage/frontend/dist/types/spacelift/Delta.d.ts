import type { Run } from '../api/SpaceliftApi';
/** What a run plans to change, or has changed. */
export declare const Delta: ({ delta }: {
    delta?: Run["delta"];
}) => import("react/jsx-runtime").JSX.Element;
