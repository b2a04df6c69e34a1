package entity

import "slices"

// The schemas of catalog.md 1.2 and 1.6. They are tables, never changed after they are made.
var (
	anyString = &schema{kind: "string"}
	text      = &schema{kind: "string", min: 1}
	texts     = &schema{kind: "array", items: text}
	anyObject = &schema{kind: "object"}

	envelopeSchema = &schema{
		kind: "object", required: []string{"apiVersion", "kind", "metadata"},
		properties: []property{
			{"apiVersion", text},
			{"kind", text},
			{"metadata", &schema{
				kind: "object", required: []string{"name"},
				properties: []property{{"name", text}, {"namespace", text}},
			}},
		},
	}

	entitySchema = &schema{
		kind: "object", required: []string{"apiVersion", "kind", "metadata"}, closed: true,
		properties: []property{
			{"apiVersion", text},
			{"kind", text},
			{"metadata", metadataSchema},
			{"spec", anyObject},
			{"relations", &schema{kind: "array", items: &schema{
				kind: "object", required: []string{"type", "targetRef"},
				properties: []property{{"type", text}, {"targetRef", text}},
			}}},
			{"status", anyObject},
		},
	}

	metadataSchema = &schema{
		kind: "object", required: []string{"name"},
		properties: []property{
			{"uid", text},
			{"etag", text},
			{"name", text},
			{"namespace", text},
			{"title", text},
			{"description", anyString},
			{"labels", &schema{kind: "object", values: anyString}},
			{"annotations", &schema{kind: "object", values: anyString}},
			{"tags", texts},
			{"links", &schema{kind: "array", items: &schema{
				kind: "object", required: []string{"url"},
				properties: []property{{"url", text}, {"title", text}, {"icon", text}, {"type", text}},
			}}},
		},
	}

	profileSchema = &schema{
		kind:       "object",
		properties: []property{{"displayName", text}, {"email", text}, {"picture", text}},
	}

	kindSchemas = map[string]*kindSchema{
		"Component": {spec: &schema{
			kind: "object", required: []string{"type", "lifecycle", "owner"},
			properties: []property{
				{"type", text},
				{"lifecycle", text},
				{"owner", text},
				{"system", text},
				{"subcomponentOf", text},
				{"providesApis", texts},
				{"consumesApis", texts},
				{"dependsOn", texts},
			},
		}},
		"API": {spec: &schema{
			kind: "object", required: []string{"type", "lifecycle", "owner", "definition"},
			properties: []property{
				{"type", text}, {"lifecycle", text}, {"owner", text}, {"system", text}, {"definition", text},
			},
		}},
		"Resource": {spec: &schema{
			kind: "object", required: []string{"type", "owner"},
			properties: []property{
				{"type", text}, {"owner", text}, {"dependsOn", texts}, {"dependencyOf", texts}, {"system", text},
			},
		}},
		"System": {spec: &schema{
			kind: "object", required: []string{"owner"},
			properties: []property{{"owner", text}, {"domain", text}, {"type", text}},
		}},
		"Domain": {spec: &schema{
			kind: "object", required: []string{"owner"},
			properties: []property{{"owner", text}, {"subdomainOf", text}, {"type", text}},
		}},
		"Group": {spec: &schema{
			kind: "object", required: []string{"type", "children"},
			properties: []property{
				{"type", text}, {"profile", profileSchema}, {"parent", text}, {"children", texts}, {"members", texts},
			},
		}},
		"User": {spec: &schema{
			kind: "object", required: []string{"memberOf"},
			properties: []property{{"profile", profileSchema}, {"memberOf", texts}},
		}},
		"Location": {spec: &schema{
			kind: "object",
			properties: []property{
				{"type", text},
				{"target", text},
				{"targets", texts},
				{"presence", &schema{kind: "string", enum: []string{"required", "optional"}}},
			},
		}},
		"Template": {
			apiVersions: []string{"scaffolder.backstage.io/v1beta3"},
			spec: &schema{
				kind: "object", required: []string{"type", "steps"},
				properties: []property{
					{"type", text},
					{"owner", text},
					{"lifecycle", text},
					{"parameters", &schema{oneOf: []*schema{anyObject, {kind: "array", items: anyObject}}}},
					{"secrets", anyObject},
					{"presentation", anyObject},
					{"formDecorators", &schema{kind: "array", items: anyObject}},
					{"steps", &schema{kind: "array", items: &schema{
						kind: "object", required: []string{"action"},
						properties: []property{{"id", anyString}, {"name", anyString}, {"action", anyString}, {"input", anyObject}},
					}}},
					{"output", anyObject},
				},
			},
		},
		"AiResource": {
			apiVersions: []string{"backstage.io/v1alpha1"},
			spec:        aiResource(nil),
			byType: map[string]*schema{
				"skill": aiResource(
					nil, property{"disciplines", texts}, property{"categories", texts}, property{"agents", texts},
					property{"dependsOn", texts}, property{"allowedTools", texts}, property{"license", text},
					property{"compatibility", &schema{kind: "string", min: 1, max: 500}},
				),
				"rule": aiResource(
					[]string{"category", "rationale"}, property{"disciplines", texts}, property{"category", text}, property{"rationale", text},
				),
				"plugin":      aiResource([]string{"skills"}, property{"skills", texts}),
				"marketplace": aiResource([]string{"plugins"}, property{"plugins", texts}),
			},
		},
	}
)

// kindSchema says which apiVersions of a kind are known and what its spec must look like.
type kindSchema struct {
	apiVersions []string // nil = backstage.io/v1alpha1 and v1beta1
	spec        *schema
	byType      map[string]*schema // spec by the value of spec.type, where it depends on that
}

func (k *kindSchema) knows(apiVersion string) bool {
	if k.apiVersions == nil {
		return apiVersion == "backstage.io/v1alpha1" || apiVersion == "backstage.io/v1beta1"
	}
	return slices.Contains(k.apiVersions, apiVersion)
}

func (k *kindSchema) specOf(e Entity) *schema {
	if s, ok := k.byType[e.text("spec", "type")]; ok {
		return s
	}
	return k.spec
}

func aiResource(required []string, more ...property) *schema {
	return &schema{
		kind:       "object",
		required:   append([]string{"type", "lifecycle", "owner"}, required...),
		properties: append([]property{{"type", text}, {"lifecycle", text}, {"owner", text}, {"system", text}}, more...),
	}
}
