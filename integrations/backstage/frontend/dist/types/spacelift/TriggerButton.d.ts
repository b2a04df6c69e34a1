import type { Stack } from '../api/SpaceliftApi';
/** Why a stack cannot be triggered; undefined when it can. */
export declare function refusalOf({ trigger }: Pick<Stack, 'trigger'>): string | undefined;
interface Props {
    name: string;
    refusal?: string;
    onClick: () => void;
    /** With a word, for a page's header; else the sign only, for a row. */
    large?: boolean;
}
/** Leads to the dialog. Where it does not, it can still be reached, and says why. */
export declare const TriggerButton: ({ name, refusal, onClick, large }: Props) => import("react/jsx-runtime").JSX.Element;
export {};
