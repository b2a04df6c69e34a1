import type { ExportStatus } from '../api/ExportApi';
/** Where the export goes to, when, and what it leaves out. */
export declare const Destination: ({ status }: {
    status: ExportStatus;
}) => import("react/jsx-runtime").JSX.Element;
