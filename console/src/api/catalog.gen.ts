// Generated from catalog/internal/httpapi/openapi.yaml by npm run types. Do not edit.
// sha256:6d1170d409297ede4d89823316ee48228fb9504116d18310ae40b0da0a9d5a7b

export interface paths {
    "/entities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description All entities that match, as one list. With limit, offset or after the answer is a page, and the Link header leads to the next one. */
        get: operations["GetEntities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/by-uid/{uid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The entity with a uid, which is compared without case. */
        get: operations["GetEntityByUid"];
        put?: never;
        post?: never;
        /** @description Deletes an entity at once. One that its source still declares comes back, under a new uid. An unknown uid is no error. */
        delete: operations["DeleteEntityByUid"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/by-name/{kind}/{namespace}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The entity with a kind, namespace and name, which are compared without case. */
        get: operations["GetEntityByName"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/by-name/{kind}/{namespace}/{name}/ancestry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The entity and all entities through which it came into the catalog, such as the Locations that name its file. */
        get: operations["GetEntityAncestryByName"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/unprocessed/failed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Entities that are not in the catalog because their processing never succeeded, with what was given and the errors, in the order in which they first came. */
        get: operations["GetFailedEntities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/unprocessed/pending": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Entities that are not in the catalog because they wait for their first processing. */
        get: operations["GetPendingEntities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/unprocessed/delete/{entity_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** @description Deletes an entity that is not in the catalog. One that its source still declares comes back, under a new id. An unknown id is no error; that of an entity in the catalog is. */
        delete: operations["DeleteUnprocessedEntity"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/by-refs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description The entities with the given references, in their order; null for those that are not there, do not match or may not be seen. */
        post: operations["GetEntitiesByRefs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entities/by-query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description A page of entities, in the order of the first orderField, or of their uids. Entities without a value of the orderField are not part of the result. With a cursor only limit and fields are read besides. */
        get: operations["GetEntitiesByQuery"];
        put?: never;
        /** @description As GET, selecting by a predicate. */
        post: operations["QueryEntitiesByPredicate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/entity-facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description How many entities have each value of some fields. */
        get: operations["GetEntityFacets"];
        put?: never;
        /** @description As GET, selecting by a predicate. */
        post: operations["QueryEntityFacetsByPredicate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/locations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description All registered locations. */
        get: operations["GetLocations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/locations/by-query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description A page of registered locations, in the order of their ids. With a cursor the rest of the body is ignored. */
        post: operations["GetLocationsByQuery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/locations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The registered location with an id. */
        get: operations["GetLocation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/locations/by-entity/{kind}/{namespace}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The registered location through which an entity came into the catalog. */
        get: operations["GetLocationByEntity"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description This document. */
        get: operations["GetOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/backstage/permissions/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The permissions that the catalog asks for, and the rules that a policy may attach to its decisions. */
        get: operations["GetPermissionMetadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/backstage/permissions/apply-conditions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** @description Whether the conditions of a policy hold for entities. It is for the permission backend: services, and services on a user's behalf. */
        post: operations["ApplyPermissionConditions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Any JSON object. */
        JsonObject: {
            [key: string]: unknown;
        };
        MapStringString: {
            [key: string]: string;
        };
        /** @description Paths such as metadata.name. */
        Fields: string[];
        /** @enum {string} */
        TotalItemsMode: "include" | "exclude";
        /** @description A catalog entity. With `fields` some or all of the properties are missing. */
        Entity: {
            /** @example backstage.io/v1alpha1 */
            apiVersion: string;
            /** @example Component */
            kind: string;
            metadata: components["schemas"]["EntityMeta"];
            spec?: components["schemas"]["JsonObject"];
            relations?: components["schemas"]["EntityRelation"][];
            status?: components["schemas"]["EntityStatus"];
        };
        EntityMeta: {
            name: string;
            /** @default default */
            namespace: string;
            /** @description Assigned by the catalog. It changes when the entity is deleted and comes back. */
            uid?: string;
            /** @description Changes with everything that readers can see of the entity. */
            etag?: string;
            title?: string;
            description?: string;
            labels?: components["schemas"]["MapStringString"];
            annotations?: components["schemas"]["MapStringString"];
            tags?: string[];
            links?: components["schemas"]["EntityLink"][];
        } & {
            [key: string]: unknown;
        };
        EntityLink: {
            url: string;
            title?: string;
            icon?: string;
            type?: string;
        } & {
            [key: string]: unknown;
        };
        EntityRelation: {
            /** @example ownedBy */
            type: string;
            /**
             * @description The canonical reference of the other entity, which may not exist.
             * @example group:default/team-a
             */
            targetRef: string;
        };
        EntityStatus: {
            items?: components["schemas"]["EntityStatusItem"][];
        } & {
            [key: string]: unknown;
        };
        EntityStatusItem: {
            /** @example backstage.io/catalog-processing */
            type: string;
            /** @enum {string} */
            level: "info" | "warning" | "error";
            message: string;
            error?: components["schemas"]["ErrorDetail"];
        };
        EntityAncestryResponse: {
            /** @description The entity that was asked for. */
            rootEntityRef: string;
            items: {
                entity: components["schemas"]["Entity"];
                parentEntityRefs: string[];
            }[];
        };
        EntitiesBatchResponse: {
            items: (components["schemas"]["Entity"] | null)[];
        };
        EntitiesQueryResponse: {
            items: components["schemas"]["Entity"][];
            /** @description How many entities match, counted with the first page; 0 where that was excluded. */
            totalItems: number;
            pageInfo: {
                /** @description Of the next page; missing on the last. */
                nextCursor?: string;
                /** @description Of the page before; missing on the first. */
                prevCursor?: string;
            };
        };
        UnprocessedEntities: {
            /** @enum {string} */
            type: "failed" | "pending";
            entities: components["schemas"]["UnprocessedEntity"][];
            /** @description There are more than the limit let through. */
            truncated?: boolean;
        };
        UnprocessedEntity: {
            entity_id: string;
            entity_ref: string;
            unprocessed_entity: components["schemas"]["JsonObject"];
            unprocessed_hash: string;
            /** @description Always null; an entity with one is in the catalog. */
            processed_entity?: Record<string, never> | null;
            result_hash?: string | null;
            /**
             * Format: date-time
             * @description Null when it waits for a change.
             */
            next_update_at: string | null;
            /**
             * Format: date-time
             * @description When its source last gave something new.
             */
            last_discovery_at: string | null;
            errors: components["schemas"]["ErrorDetail"][];
            /**
             * @description The location that gave it, as type:target.
             * @example file:/srv/catalog-info.yaml
             */
            location_key: string | null;
        };
        EntityFacetsResponse: {
            /** @description By facet, named as it was asked for. */
            facets: {
                [key: string]: components["schemas"]["EntityFacet"][];
            };
        };
        EntityFacet: {
            value: string;
            count: number;
        };
        OrderBy: {
            field: string;
            /** @enum {string} */
            order: "asc" | "desc";
        };
        /**
         * @description `{"$all": [predicate…]}`, `{"$any": [predicate…]}`, `{"$not": predicate}`, or fields with the value they must have: a scalar, or one of `{"$exists": boolean}`, `{"$in": [scalar…]}`, `{"$hasPrefix": string}`, `{"$contains": …}`.
         * @example {
         *       "kind": "component",
         *       "spec.type": {
         *         "$in": [
         *           "service",
         *           "library"
         *         ]
         *       }
         *     }
         */
        Predicate: {
            [key: string]: unknown;
        };
        Location: {
            id: string;
            /** @example url */
            type: string;
            target: string;
            /** @description The reference of the Location entity that stands for it. */
            entityRef: string;
        };
        LocationsQueryResponse: {
            items: components["schemas"]["Location"][];
            totalItems: number;
            pageInfo: {
                nextCursor?: string;
            };
        };
        ApplyConditionsRequest: {
            items: {
                id: string;
                resourceRef: string | string[];
                /** @enum {string} */
                resourceType: "catalog-entity";
                /** @description A rule with its parameters, or allOf, anyOf or not over such criteria. */
                conditions: components["schemas"]["JsonObject"];
            }[];
        };
        ApplyConditionsAnswer: {
            items: {
                id: string;
                result: ("ALLOW" | "DENY") | ("ALLOW" | "DENY")[];
            }[];
        };
        PermissionMetadata: {
            permissions: {
                /** @enum {string} */
                type: "basic" | "resource";
                name: string;
                attributes: {
                    /** @enum {string} */
                    action?: "create" | "read" | "update" | "delete";
                };
                resourceType?: string;
            }[];
            rules: {
                name: string;
                description: string;
                resourceType: string;
                paramsSchema?: components["schemas"]["JsonObject"];
            }[];
        };
        ErrorDetail: {
            /** @example InputError */
            name: string;
            message: string;
            stack?: string;
            code?: string;
            cause?: components["schemas"]["ErrorDetail"];
        } & {
            [key: string]: unknown;
        };
        ErrorBody: {
            error: components["schemas"]["ErrorDetail"];
            request?: {
                method: string;
                /** @description Relative to the mount. */
                url: string;
            };
            response: {
                statusCode: number;
            };
        };
    };
    responses: {
        /** @description The entity. */
        Entity: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Entity"];
            };
        };
        /** @description A page of entities. */
        EntitiesQuery: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["EntitiesQueryResponse"];
            };
        };
        /** @description The entities. */
        UnprocessedEntities: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["UnprocessedEntities"];
            };
        };
        /** @description The values of each facet, in the order of their bytes. */
        EntityFacets: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["EntityFacetsResponse"];
            };
        };
        /** @description The location. */
        Location: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Location"];
            };
        };
        /** @description What went wrong. */
        Error: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ErrorBody"];
            };
        };
    };
    parameters: {
        kind: string;
        namespace: string;
        name: string;
        uid: string;
        /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
        minPosition: number;
        /** @description Only those with this spec.owner, compared as it is written. */
        owner: string;
        /** @description The most entities to return. */
        unprocessedLimit: number;
        /** @description Of an earlier page, by GET or POST. */
        cursor: string;
        /** @description From the Link header of the page before. Its limit and offset override the parameters. */
        after: string;
        /** @description Cut the entities down to these fields, such as metadata.name. Repeated or separated by commas. */
        fields: string[];
        /**
         * @description Conditions separated by commas, each `key`, `key=` or `key=value`: keys are ANDed, values of one key ORed. Repeated filters are ORed. Keys and values are compared without case.
         * @example [
         *       "kind=component",
         *       "kind=api,spec.type=grpc"
         *     ]
         */
        filter: string[];
        /** @description The most entities to return. */
        limit: number;
        /** @description How many entities to leave out at the beginning. */
        offset: number;
        /** @description A direction and a field, `asc:metadata.name`. Repeat it to break ties. Entities without a value come last, whatever the direction. */
        order: string[];
        /** @description A field and a direction, `metadata.name,asc`. Only the first one counts. */
        orderField: string[];
    };
    requestBodies: never;
    headers: {
        /** @description The position of the change log after which reads see the mutation, for Understudy-Catalog-Min-Position. */
        position: number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    GetEntities: {
        parameters: {
            query?: {
                /** @description Cut the entities down to these fields, such as metadata.name. Repeated or separated by commas. */
                fields?: components["parameters"]["fields"];
                /**
                 * @description Conditions separated by commas, each `key`, `key=` or `key=value`: keys are ANDed, values of one key ORed. Repeated filters are ORed. Keys and values are compared without case.
                 * @example [
                 *       "kind=component",
                 *       "kind=api,spec.type=grpc"
                 *     ]
                 */
                filter?: components["parameters"]["filter"];
                /** @description A direction and a field, `asc:metadata.name`. Repeat it to break ties. Entities without a value come last, whatever the direction. */
                order?: components["parameters"]["order"];
                /** @description The most entities to return. */
                limit?: components["parameters"]["limit"];
                /** @description How many entities to leave out at the beginning. */
                offset?: components["parameters"]["offset"];
                /** @description From the Link header of the page before. Its limit and offset override the parameters. */
                after?: components["parameters"]["after"];
            };
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entities. */
            200: {
                headers: {
                    /** @description The next page, as `<url>; rel="next"`, relative to the mount. */
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Entity"][];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    GetEntityByUid: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path: {
                uid: components["parameters"]["uid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Entity"];
            404: components["responses"]["Error"];
            default: components["responses"]["Error"];
        };
    };
    DeleteEntityByUid: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path: {
                uid: components["parameters"]["uid"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entity is gone. */
            204: {
                headers: {
                    "Understudy-Catalog-Position": components["headers"]["position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Error"];
        };
    };
    GetEntityByName: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path: {
                kind: components["parameters"]["kind"];
                namespace: components["parameters"]["namespace"];
                name: components["parameters"]["name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Entity"];
            404: components["responses"]["Error"];
            default: components["responses"]["Error"];
        };
    };
    GetEntityAncestryByName: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path: {
                kind: components["parameters"]["kind"];
                namespace: components["parameters"]["namespace"];
                name: components["parameters"]["name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entity comes first, each entity once. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntityAncestryResponse"];
                };
            };
            404: components["responses"]["Error"];
            default: components["responses"]["Error"];
        };
    };
    GetFailedEntities: {
        parameters: {
            query?: {
                /** @description Only those with this spec.owner, compared as it is written. */
                owner?: components["parameters"]["owner"];
                /** @description The most entities to return. */
                limit?: components["parameters"]["unprocessedLimit"];
            };
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["UnprocessedEntities"];
            default: components["responses"]["Error"];
        };
    };
    GetPendingEntities: {
        parameters: {
            query?: {
                /** @description Only those with this spec.owner, compared as it is written. */
                owner?: components["parameters"]["owner"];
                /** @description The most entities to return. */
                limit?: components["parameters"]["unprocessedLimit"];
            };
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["UnprocessedEntities"];
            default: components["responses"]["Error"];
        };
    };
    DeleteUnprocessedEntity: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path: {
                entity_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The entity is gone. */
            204: {
                headers: {
                    "Understudy-Catalog-Position": components["headers"]["position"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: components["responses"]["Error"];
            default: components["responses"]["Error"];
        };
    };
    GetEntitiesByRefs: {
        parameters: {
            query?: {
                /**
                 * @description Conditions separated by commas, each `key`, `key=` or `key=value`: keys are ANDed, values of one key ORed. Repeated filters are ORed. Keys and values are compared without case.
                 * @example [
                 *       "kind=component",
                 *       "kind=api,spec.type=grpc"
                 *     ]
                 */
                filter?: components["parameters"]["filter"];
            };
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Full references, kind:namespace/name, in any case. */
                    entityRefs: string[];
                    fields?: components["schemas"]["Fields"];
                    query?: components["schemas"]["Predicate"];
                };
            };
        };
        responses: {
            /** @description As many items as references were given. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntitiesBatchResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    GetEntitiesByQuery: {
        parameters: {
            query?: {
                /** @description Cut the entities down to these fields, such as metadata.name. Repeated or separated by commas. */
                fields?: components["parameters"]["fields"];
                /** @description The most entities to return. */
                limit?: components["parameters"]["limit"];
                /** @description How many entities to leave out at the beginning. */
                offset?: components["parameters"]["offset"];
                /** @description A field and a direction, `metadata.name,asc`. Only the first one counts. */
                orderField?: components["parameters"]["orderField"];
                /** @description Of an earlier page, by GET or POST. */
                cursor?: components["parameters"]["cursor"];
                /**
                 * @description Conditions separated by commas, each `key`, `key=` or `key=value`: keys are ANDed, values of one key ORed. Repeated filters are ORed. Keys and values are compared without case.
                 * @example [
                 *       "kind=component",
                 *       "kind=api,spec.type=grpc"
                 *     ]
                 */
                filter?: components["parameters"]["filter"];
                /** @description Text that one of the fullTextFilterFields must contain, in any case. */
                fullTextFilterTerm?: string;
                /** @description Where to search for the term; without it, in the first orderField, else in metadata.uid. Repeated or separated by commas. */
                fullTextFilterFields?: string[];
                /** @description Whether to count all entities that match. Counting is the default. */
                totalItems?: components["schemas"]["TotalItemsMode"];
            };
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["EntitiesQuery"];
            default: components["responses"]["Error"];
        };
    };
    QueryEntitiesByPredicate: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Of an earlier page, by GET or POST. Only limit and fields are read besides. */
                    cursor?: string;
                    /** @default 200 */
                    limit?: number;
                    offset?: number;
                    fields?: components["schemas"]["Fields"];
                    query?: components["schemas"]["Predicate"];
                    orderBy?: components["schemas"]["OrderBy"][];
                    fullTextFilter?: {
                        term?: string;
                        fields?: components["schemas"]["Fields"];
                    };
                    totalItems?: components["schemas"]["TotalItemsMode"];
                };
            };
        };
        responses: {
            200: components["responses"]["EntitiesQuery"];
            default: components["responses"]["Error"];
        };
    };
    GetEntityFacets: {
        parameters: {
            query: {
                /** @description A field, such as spec.type. Repeatable. */
                facet: string[];
                /**
                 * @description Conditions separated by commas, each `key`, `key=` or `key=value`: keys are ANDed, values of one key ORed. Repeated filters are ORed. Keys and values are compared without case.
                 * @example [
                 *       "kind=component",
                 *       "kind=api,spec.type=grpc"
                 *     ]
                 */
                filter?: components["parameters"]["filter"];
            };
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["EntityFacets"];
            default: components["responses"]["Error"];
        };
    };
    QueryEntityFacetsByPredicate: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    facets: string[];
                    query?: components["schemas"]["Predicate"];
                };
            };
        };
        responses: {
            200: components["responses"]["EntityFacets"];
            default: components["responses"]["Error"];
        };
    };
    GetLocations: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The locations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Location"];
                    }[];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    GetLocationsByQuery: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    cursor?: string;
                    /** @default 1000 */
                    limit?: number;
                    query?: components["schemas"]["Predicate"];
                };
            };
        };
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LocationsQueryResponse"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    GetLocation: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Location"];
            404: components["responses"]["Error"];
            default: components["responses"]["Error"];
        };
    };
    GetLocationByEntity: {
        parameters: {
            query?: never;
            header?: {
                /** @description Answer from a state of the catalog that has this position of the change log; 503 if the replica does not reach it in time. */
                "Understudy-Catalog-Min-Position"?: components["parameters"]["minPosition"];
            };
            path: {
                kind: components["parameters"]["kind"];
                namespace: components["parameters"]["namespace"];
                name: components["parameters"]["name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Location"];
            404: components["responses"]["Error"];
            default: components["responses"]["Error"];
        };
    };
    GetOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An OpenAPI 3.0 document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JsonObject"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    GetPermissionMetadata: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Permissions and rules. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PermissionMetadata"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
    ApplyPermissionConditions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplyConditionsRequest"];
            };
        };
        responses: {
            /** @description One result for each item; a list of them where refs were given as a list. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplyConditionsAnswer"];
                };
            };
            default: components["responses"]["Error"];
        };
    };
}
