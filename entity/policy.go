package entity

const fileFormat = "https://github.com/backstage/backstage/blob/master/docs/architecture-decisions/adr002-default-catalog-file-format.md"

// What a field should have been, as Backstage words it.
const (
	expectName      = "a string that is sequences of [a-zA-Z0-9] separated by any of [-_.], at most 63 characters in total"
	expectKey       = "a valid prefix and/or suffix"
	expectNamespace = "a string that is sequences of [a-z0-9] separated by [-], at most 63 characters in total"
	expectTag       = "a string that is sequences of [a-z0-9+#] separated by [-], at most 63 characters in total"
	expectKind      = "a string that is a sequence of [a-zA-Z][a-z0-9A-Z], at most 63 characters in total"
	expectURL       = "a string that is a valid url"
	expectText      = "a non empty string"
	// Ours: Backstage accepts such links (docs/protocol/catalog.md 11 does not list it; see the advisory CVE-2023-25571).
	expectNoScript = "a url that does not run a script"
)

// Policy applies catalog.md 1.3 step 3: the full schema, the default namespace, which it writes into the entity, no
// foreign keys at the root, and the formats of all fields. The error is a *ValidationError, whose text belongs after
// "Policy check failed for <ref>; caused by Error: ".
//
// Where the namespace was missing, metadata moves to the front of the entity and namespace to the front of metadata:
// Backstage merges the entity over a new object, and the order shows on the wire.
func Policy(e Entity) error {
	if e.Object == nil {
		return policyError("Malformed envelope, <root> must be object")
	}
	if v := entitySchema.checkObject(e.Object); v != nil {
		return policyError("Malformed envelope, " + v.text())
	}
	if !e.Metadata().Has("namespace") {
		writeDefaultNamespace(e)
	}
	for key := range e.All() {
		switch key {
		case "apiVersion", "kind", "metadata", "spec":
		default:
			return policyError("Unknown field " + key)
		}
	}
	return checkFormats(e)
}

func policyError(message string) error {
	return &ValidationError{Name: "Error", Message: message}
}

func writeDefaultNamespace(e Entity) {
	metadata := ObjectOf("namespace", DefaultNamespace)
	for key, value := range e.Metadata().All() {
		metadata.Set(key, value)
	}
	root := ObjectOf("metadata", metadata)
	for key, value := range e.All() {
		if key != "metadata" {
			root.Set(key, value)
		}
	}
	*e.Object = *root
}

// checkFormats follows the order of Backstage's checks. The schema has already seen to the types.
func checkFormats(e Entity) error {
	if err := expect("apiVersion", e.APIVersion(), validAPIVersion, expectKey); err != nil {
		return err
	}
	if err := expect("kind", e.Kind(), validKind, expectKind); err != nil {
		return err
	}
	if err := expect("metadata.name", e.Name(), validName, expectName); err != nil {
		return err
	}
	if err := expect("metadata.namespace", e.Namespace(), validDNSLabel, expectNamespace); err != nil {
		return err
	}
	for key, value := range metadataObject(e, "labels").All() {
		if err := expect("labels."+key, key, validKey, expectKey); err != nil {
			return err
		}
		if err := expect("labels."+key, asText(value), validLabelValue, expectName); err != nil {
			return err
		}
	}
	for key := range metadataObject(e, "annotations").All() {
		if err := expect("annotations."+key, key, validKey, expectKey); err != nil {
			return err
		}
	}
	for i, tag := range metadataArray(e, "tags") {
		if err := expectItem("tags", i, "", asText(tag), validTag, expectTag); err != nil {
			return err
		}
	}
	for i, link := range metadataArray(e, "links") {
		if err := checkLink(i, link); err != nil {
			return err
		}
	}
	return nil
}

func checkLink(i int, link any) error {
	o, _ := link.(*Object)
	url := asText(o.Path("url"))
	if err := expectItem("links", i, ".url", url, validURL, expectURL); err != nil {
		return err
	}
	if err := expectItem("links", i, ".url", url, func(s string) bool { return !IsScriptURL(s) }, expectNoScript); err != nil {
		return err
	}
	for _, key := range []string{"title", "icon"} {
		if value, ok := o.Get(key); ok {
			if err := expectItem("links", i, "."+key, asText(value), validText, expectText); err != nil {
				return err
			}
		}
	}
	return nil
}

func expectItem(list string, i int, rest, value string, valid func(string) bool, expected string) error {
	if valid(value) {
		return nil
	}
	return expect(list+"."+NumberString(float64(i))+rest, value, valid, expected)
}

func expect(field, value string, valid func(string) bool, expected string) error {
	if valid(value) {
		return nil
	}
	return policyError(`"` + field + `" is not valid; expected ` + expected + ` but found "` + value +
		`". To learn more about catalog file format, visit: ` + fileFormat)
}

func metadataObject(e Entity, key string) *Object {
	o, _ := e.Metadata().Path(key).(*Object)
	return o
}

func metadataArray(e Entity, key string) []any {
	items, _ := e.Metadata().Path(key).([]any)
	return items
}

func asText(v any) string {
	s, _ := v.(string)
	return s
}
