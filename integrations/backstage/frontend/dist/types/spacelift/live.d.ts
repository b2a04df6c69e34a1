import { type PropsWithChildren } from 'react';
import { type LiveState } from '../api/events';
/** Which stacks have changed; undefined when any may have. */
type Changed = (ids: string[] | undefined) => void;
/** Listens while the tab is seen: browsers open six connections to a server at most, and each stream takes one. */
export declare const LiveProvider: ({ children }: PropsWithChildren<{}>) => import("react/jsx-runtime").JSX.Element;
/** Calls back when stacks have changed, and tells how well that is known. */
export declare function useChanges(onChange: Changed): LiveState;
/** How often to ask again: seldom where events tell of changes, and soon after a failure that may pass. */
export declare function pollAfter(live: LiveState, error: unknown): number;
export {};
