/** The stacks by the routes of the official backend plugin: a list and a trigger. */
export declare const OfficialStacks: () => import("react/jsx-runtime").JSX.Element;
