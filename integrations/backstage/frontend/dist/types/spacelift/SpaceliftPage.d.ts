/** The page of all stacks, and below it one of each stack and of each run. */
export declare const SpaceliftPage: () => import("react/jsx-runtime").JSX.Element;
