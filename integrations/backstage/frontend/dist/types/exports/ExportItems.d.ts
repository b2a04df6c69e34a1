import { type ExportRun } from '../api/ExportApi';
/** What became of entities in a run, those that failed first. */
export declare const ExportItems: ({ run }: {
    run: ExportRun;
}) => import("react/jsx-runtime").JSX.Element;
