import { type Status } from '../api/SpaceliftApi';
/** The stacks of the account: with Understudy all that it knows, with the official backend plugin what that one has. */
export declare const StacksView: () => import("react/jsx-runtime").JSX.Element;
/** What is wrong with what is shown, or with what can be done. */
export declare const StatusNotices: ({ status }: {
    status?: Status;
}) => import("react/jsx-runtime").JSX.Element | null;
