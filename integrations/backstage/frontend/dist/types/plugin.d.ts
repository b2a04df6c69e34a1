export declare const understudyPlugin: import("@backstage/core-plugin-api").BackstagePlugin<{
    spacelift: import("@backstage/core-plugin-api").RouteRef<undefined>;
    export: import("@backstage/core-plugin-api").RouteRef<undefined>;
}, {}, {}>;
/** The page of stacks and runs, for a route such as /spacelift. */
export declare const SpaceliftPage: () => import("react/jsx-runtime").JSX.Element;
/** The page of the catalog's export, for a route such as /rely-migration-plugin. */
export declare const ExportPage: () => import("react/jsx-runtime").JSX.Element;
/** The tab of an entity, for an EntityLayout.Route with if={isSpaceliftAvailable}. */
export declare const EntitySpaceliftContent: () => import("react/jsx-runtime").JSX.Element;
/** The card of an entity with its stacks and their last runs; nothing where the entity names none. */
export declare const EntitySpaceliftCard: () => import("react/jsx-runtime").JSX.Element;
