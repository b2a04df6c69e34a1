import { type Stack } from '../api/SpaceliftApi';
/** The history: pages that were asked for stay, and the first is kept fresh. */
export declare const RunsTable: ({ stack, sends }: {
    stack: Pick<Stack, "id">;
    sends: number;
}) => import("react/jsx-runtime").JSX.Element;
