/** A stack and its runs. */
export declare const StackView: () => import("react/jsx-runtime").JSX.Element;
