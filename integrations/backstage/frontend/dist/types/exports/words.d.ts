import type { Counts, ExportRun, RunStatus } from '../api/ExportApi';
export declare const RunState: ({ status }: {
    status: RunStatus;
}) => import("react/jsx-runtime").JSX.Element;
export declare const isUnderWay: (run: Pick<ExportRun, "status"> | undefined) => boolean;
export declare const phaseText: (phase: string | undefined) => string;
export declare const kindText: (run: Pick<ExportRun, "trigger" | "dryRun" | "full">) => string;
/** How much of what there is to send has settled, as far as that is known: between 0 and 1. */
export declare function progressOf({ sent, failed, unmappable, create, update }: Counts, phase: string | undefined): number | undefined;
export declare const number: (n: number) => string;
