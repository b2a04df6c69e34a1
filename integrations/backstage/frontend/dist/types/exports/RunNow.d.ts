import { type ExportRun } from '../api/ExportApi';
interface Props {
    running?: ExportRun;
    onStarted: (id: string) => void;
}
/** Starts a run: a dry one at once, a real one after a question. */
export declare const RunNow: ({ running, onStarted }: Props) => import("react/jsx-runtime").JSX.Element;
export {};
