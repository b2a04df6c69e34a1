package entity

// ValidateEnvelope checks what must hold before an entity is touched at all: catalog.md 1.3 step 1. The error is a
// *ValidationError.
func ValidateEnvelope(e Entity) error { return nil }

// ValidateSchema checks the full schema that all kinds share (catalog.md 1.3 steps 3 and 5). The error is a
// *ValidationError.
func ValidateSchema(e Entity) error { return nil }

// Policy applies catalog.md 1.3 step 3: the full schema, the default namespace, which it writes into the entity, no
// foreign keys at the root, and the formats of all fields. The error is a *ValidationError, whose text belongs after
// "Policy check failed for <ref>; caused by Error: ".
func Policy(e Entity) error { return nil }

// ValidateKind checks an entity of a built-in kind against the schema of its kind (catalog.md 1.6). known is false when
// the kind and apiVersion are not built in. The error is a *ValidationError.
func ValidateKind(e Entity) (known bool, err error) { return false, nil }
