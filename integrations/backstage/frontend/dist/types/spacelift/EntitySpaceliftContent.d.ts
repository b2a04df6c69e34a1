/** The tab of an entity: its stacks and, where it is one, the runs of it. */
export declare const EntitySpaceliftContent: () => import("react/jsx-runtime").JSX.Element;
