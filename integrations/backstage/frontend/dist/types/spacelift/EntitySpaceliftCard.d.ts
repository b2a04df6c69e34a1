/** The card of an entity: its stacks, each with its last run. Nothing where the entity names none. */
export declare const EntitySpaceliftCard: () => import("react/jsx-runtime").JSX.Element | null;
