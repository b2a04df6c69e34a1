/** Names the stacks of an entity, separated by commas (spacelift.md 7). */
export declare const stackAnnotation = "spacelift.io/stack-id";
/** The ids that an entity's annotation names. */
export declare function stackIdsOf(entity: {
    metadata: {
        annotations?: Record<string, string>;
    };
}): string[];
/** Whether an entity names stacks: the condition for its tab and its card. */
export declare function isSpaceliftAvailable(entity: {
    metadata: {
        annotations?: Record<string, string>;
    };
}): boolean;
