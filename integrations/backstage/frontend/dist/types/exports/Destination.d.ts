import type { ExportStatus } from '../api/ExportApi';
/** Where the export goes to, when, and what it leaves out. */
export declare const Destination: ({ status }: {
    status: ExportStatus;
}) => import("react/jsx-runtime").JSX.Element;
/** One line a filter, of which any lets an entity through; what is none of the known forms stays as it is. */
export declare function filterLines(filters: unknown): string[];
