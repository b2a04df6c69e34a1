/** Whoever did something: users of the portal are links to themselves. */
export declare const Person: ({ who }: {
    who?: string;
}) => import("react/jsx-runtime").JSX.Element;
