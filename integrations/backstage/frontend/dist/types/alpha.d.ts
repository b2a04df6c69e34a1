declare const _default: import("@backstage/frontend-plugin-api").OverridableFrontendPlugin<{
    spacelift: import("@backstage/frontend-plugin-api").RouteRef<undefined>;
    export: import("@backstage/frontend-plugin-api").RouteRef<undefined>;
}, {}, {
    "api:understudy/export": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "api";
        name: "export";
        config: {};
        configInput: {};
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").AnyApiFactory, "core.api.factory", {}>;
        inputs: {};
        params: <TApi, TImpl extends TApi, TDeps extends { [name in string]: unknown; }>(params: import("@backstage/frontend-plugin-api").ApiFactory<TApi, TImpl, TDeps>) => import("@backstage/frontend-plugin-api").ExtensionBlueprintParams<import("@backstage/frontend-plugin-api").AnyApiFactory>;
    }>;
    "api:understudy/spacelift": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "api";
        name: "spacelift";
        config: {};
        configInput: {};
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").AnyApiFactory, "core.api.factory", {}>;
        inputs: {};
        params: <TApi, TImpl extends TApi, TDeps extends { [name in string]: unknown; }>(params: import("@backstage/frontend-plugin-api").ApiFactory<TApi, TImpl, TDeps>) => import("@backstage/frontend-plugin-api").ExtensionBlueprintParams<import("@backstage/frontend-plugin-api").AnyApiFactory>;
    }>;
    "entity-card:understudy/spacelift": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "entity-card";
        name: "spacelift";
        config: {
            filter: import("@backstage/filter-predicates").FilterPredicate | undefined;
            type: "content" | "info" | undefined;
        };
        configInput: {
            filter?: import("@backstage/filter-predicates").FilterPredicate | undefined;
            type?: "content" | "info" | undefined;
        };
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<(entity: import("@backstage/catalog-model").Entity) => boolean, "catalog.entity-filter-function", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "catalog.entity-filter-expression", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/plugin-catalog-react/alpha").EntityCardType, "catalog.entity-card-type", {
            optional: true;
        }>;
        inputs: {};
        params: {
            loader: () => Promise<JSX.Element>;
            filter?: string | import("@backstage/filter-predicates").FilterPredicate | ((entity: import("@backstage/catalog-model").Entity) => boolean);
            type?: import("@backstage/plugin-catalog-react/alpha").EntityCardType;
        };
    }>;
    "entity-content:understudy/spacelift": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "entity-content";
        name: "spacelift";
        config: {
            path: string | undefined;
            title: string | undefined;
            filter: import("@backstage/filter-predicates").FilterPredicate | undefined;
            group: string | false | undefined;
            icon: string | undefined;
        };
        configInput: {
            path?: string | undefined;
            title?: string | undefined;
            filter?: import("@backstage/filter-predicates").FilterPredicate | undefined;
            group?: string | false | undefined;
            icon?: string | undefined;
        };
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<(entity: import("@backstage/catalog-model").Entity) => boolean, "catalog.entity-filter-function", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "catalog.entity-filter-expression", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "catalog.entity-content-title", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "catalog.entity-content-group", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string | import("react").ReactElement<any, string | import("react").JSXElementConstructor<any>>, "catalog.entity-content-icon", {
            optional: true;
        }>;
        inputs: {};
        params: {
            defaultPath?: [Error: `Use the 'path' param instead`];
            path: string;
            defaultTitle?: [Error: `Use the 'title' param instead`];
            title: string;
            defaultGroup?: [Error: `Use the 'group' param instead`];
            group?: ("overview" | "documentation" | "development" | "deployment" | "operation" | "observability") | (string & {});
            icon?: string | import("react").ReactElement;
            loader: () => Promise<JSX.Element>;
            routeRef?: import("@backstage/frontend-plugin-api").RouteRef;
            filter?: string | import("@backstage/filter-predicates").FilterPredicate | ((entity: import("@backstage/catalog-model").Entity) => boolean);
        };
    }>;
    "page:understudy/export": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "page";
        name: "export";
        config: {
            path: string | undefined;
            title: string | undefined;
        };
        configInput: {
            path?: string | undefined;
            title?: string | undefined;
        };
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.title", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").IconElement, "core.icon", {
            optional: true;
        }>;
        inputs: {
            pages: import("@backstage/frontend-plugin-api").ExtensionInput<import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
                optional: true;
            }> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<string, "core.title", {
                optional: true;
            }> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("@backstage/frontend-plugin-api").IconElement, "core.icon", {
                optional: true;
            }>, {
                singleton: false;
                optional: false;
                internal: false;
            }>;
        };
        params: {
            path: string;
            title?: string;
            icon?: import("@backstage/frontend-plugin-api").IconElement;
            loader?: () => Promise<import("react").JSX.Element>;
            routeRef?: import("@backstage/frontend-plugin-api").RouteRef;
            noHeader?: boolean;
        };
    }>;
    "page:understudy/spacelift": import("@backstage/frontend-plugin-api").OverridableExtensionDefinition<{
        kind: "page";
        name: "spacelift";
        config: {
            path: string | undefined;
            title: string | undefined;
        };
        configInput: {
            path?: string | undefined;
            title?: string | undefined;
        };
        output: import("@backstage/frontend-plugin-api").ExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<string, "core.title", {
            optional: true;
        }> | import("@backstage/frontend-plugin-api").ExtensionDataRef<import("@backstage/frontend-plugin-api").IconElement, "core.icon", {
            optional: true;
        }>;
        inputs: {
            pages: import("@backstage/frontend-plugin-api").ExtensionInput<import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("react").JSX.Element, "core.reactElement", {}> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<string, "core.routing.path", {}> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("@backstage/frontend-plugin-api").RouteRef<import("@backstage/frontend-plugin-api").AnyRouteRefParams>, "core.routing.ref", {
                optional: true;
            }> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<string, "core.title", {
                optional: true;
            }> | import("@backstage/frontend-plugin-api").ConfigurableExtensionDataRef<import("@backstage/frontend-plugin-api").IconElement, "core.icon", {
                optional: true;
            }>, {
                singleton: false;
                optional: false;
                internal: false;
            }>;
        };
        params: {
            path: string;
            title?: string;
            icon?: import("@backstage/frontend-plugin-api").IconElement;
            loader?: () => Promise<import("react").JSX.Element>;
            routeRef?: import("@backstage/frontend-plugin-api").RouteRef;
            noHeader?: boolean;
        };
    }>;
}>;
export default _default;
export { isSpaceliftAvailable } from './spacelift/annotation';
