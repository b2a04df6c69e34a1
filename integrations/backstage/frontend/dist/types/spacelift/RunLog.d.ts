import type { RunDetail } from '../api/SpaceliftApi';
/** The log, which goes on as the run does. Without "Follow" it stands still, so that it can be read. */
export declare const RunLog: ({ run }: {
    run: RunDetail;
}) => import("react/jsx-runtime").JSX.Element;
