import { type RunDetail } from '../api/SpaceliftApi';
/** What the server lets be done with a run now; nothing else is offered. */
export declare const RunActions: ({ run, onDone }: {
    run: RunDetail;
    onDone: () => void;
}) => import("react/jsx-runtime").JSX.Element;
