import type { RunDetail } from '../api/SpaceliftApi';
/** The states that a run went through, each with how long it took and who has done it, and what people said. */
export declare const RunHistory: ({ run }: {
    run: RunDetail;
}) => import("react/jsx-runtime").JSX.Element;
