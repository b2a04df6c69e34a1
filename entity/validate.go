package entity

// ValidateEnvelope checks what must hold before an entity is touched at all: catalog.md 1.3 step 1. The error is a
// *ValidationError.
func ValidateEnvelope(e Entity) error { return validate(envelopeSchema, e) }

// ValidateSchema checks the full schema that all kinds share (catalog.md 1.3 step 5). The error is a *ValidationError.
func ValidateSchema(e Entity) error { return validate(entitySchema, e) }

func validate(s *schema, e Entity) error {
	if e.Object == nil {
		return (&violation{message: "must be object", params: "type: object"}).typeError()
	}
	if v := s.checkObject(e.Object); v != nil {
		return v.typeError()
	}
	return nil
}

// ValidateKind checks an entity of a built-in kind against the schema of its kind, which includes the one that all
// kinds share (catalog.md 1.6). known is false when kind and apiVersion are not built in: both are compared exactly.
// The error is a *ValidationError.
func ValidateKind(e Entity) (known bool, err error) {
	k, ok := kindSchemas[e.Kind()]
	if !ok || !k.knows(e.APIVersion()) {
		return false, nil
	}
	if err := ValidateSchema(e); err != nil {
		return true, err
	}
	spec, ok := e.Get("spec")
	if !ok {
		return true, (&violation{message: "must have required property 'spec'", params: "missingProperty: spec"}).typeError()
	}
	if v := k.specOf(e).check(spec); v != nil {
		return true, v.under("spec").typeError()
	}
	return true, nil
}
