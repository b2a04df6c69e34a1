/** Names the stacks of an entity, separated by commas (spacelift.md 7). */
export const stackAnnotation = 'spacelift.io/stack-id';

/** The ids that an entity's annotation names. */
export function stackIdsOf(entity: { metadata: { annotations?: Record<string, string> } }): string[] {
  return (entity.metadata.annotations?.[stackAnnotation] ?? '').split(',').map((id) => id.trim()).filter(Boolean);
}

/** Whether an entity names stacks: the condition for its tab and its card. */
export function isSpaceliftAvailable(entity: { metadata: { annotations?: Record<string, string> } }): boolean {
  return stackIdsOf(entity).length > 0;
}
