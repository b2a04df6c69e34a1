import { type ExportRun } from '../api/ExportApi';
interface Props {
    run: ExportRun;
    title: string;
    onChanged: (id?: string) => void;
    /** Leads to the run's own page. */
    link?: boolean;
    /** Leads to all runs. */
    back?: boolean;
}
export declare const RunCard: ({ run, title, onChanged, link, back }: Props) => import("react/jsx-runtime").JSX.Element;
export {};
