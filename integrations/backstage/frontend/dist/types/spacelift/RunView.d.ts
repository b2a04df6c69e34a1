/** A run: what it is, what can be done with it, how it went, and its log. */
export declare const RunView: () => import("react/jsx-runtime").JSX.Element;
