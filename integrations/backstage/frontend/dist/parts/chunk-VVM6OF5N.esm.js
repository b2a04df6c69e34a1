// src/spacelift/annotation.ts
var stackAnnotation = "spacelift.io/stack-id";
function stackIdsOf(entity) {
  return (entity.metadata.annotations?.[stackAnnotation] ?? "").split(",").map((id) => id.trim()).filter(Boolean);
}
function isSpaceliftAvailable(entity) {
  return stackIdsOf(entity).length > 0;
}

export {
  stackAnnotation,
  stackIdsOf,
  isSpaceliftAvailable
};
