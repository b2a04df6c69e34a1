import type { StateGroup } from '../api/SpaceliftApi';
/** A state as people write it: PREPARING_APPLY is "Preparing apply". */
export declare function stateText(state: string): string;
export declare const State: ({ state }: {
    state: string;
}) => import("react/jsx-runtime").JSX.Element;
/** The groups that v1 puts states into (spacelift.md 5.5), in the order of how much they want to be looked at. */
export declare const groups: Record<StateGroup, string>;
/** The states from which the official page offers a trigger (spacelift.md 2). */
export declare const isStartable: (state: string) => boolean;
