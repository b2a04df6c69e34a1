/** The export of the catalog: run it, watch it, and see what became of it. */
export declare const ExportPage: () => import("react/jsx-runtime").JSX.Element;
