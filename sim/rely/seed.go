package rely

import (
	"fmt"
	"strings"
)

// Two generations of Rely's default model exist (export.md 2.3): the documentation writes property keys in kebab-case,
// Rely's own client in camelCase. Keys here are in kebab-case.
func seedBlueprints() string {
	return `[
{"id":"service","title":"Service","icon":"terminal","isActive":true,"options":{"showInSideBar":true},"schemaProperties":{"type":"object","properties":{
  "tier":{"type":"string","title":"Tier"},"language":{"type":"string","title":"Language"},"repo-link":{"type":"string","format":"url","title":"Repository"},
  "main-branch":{"type":"string","title":"Main branch"},"handles-pii":{"type":"boolean","title":"Handles PII"},
  "code-owners":{"type":"array","items":{"type":"string"},"title":"Code owners"},"readme":{"type":"string","format":"markdown","title":"Readme"}}},
 "relations":{"team":{"title":"Team","value":"team","array":false},"resources":{"title":"Resources","value":"resource","array":true}}},
{"id":"resource","title":"Resource","isActive":true,"options":{"showInSideBar":true},"schemaProperties":{"type":"object","properties":{
  "resource-type":{"type":"string","title":"Type"},"repo-link":{"type":"string","format":"url","title":"Repository"}}},
 "relations":{"team":{"title":"Team","value":"team","array":false}}},
{"id":"team","title":"Team","isActive":true,"options":{"showInSideBar":true},"schemaProperties":{"type":"object","properties":{
  "leader":{"type":"string","title":"Leader"},"members":{"type":"array","items":{"type":"string"},"title":"Members"},
  "on-call":{"type":"string","title":"On call"},"communication-channel":{"type":"string","format":"url","title":"Channel"}}},"relations":{}},
{"id":"environment","title":"Environment","isActive":true,"schemaProperties":{"type":"object","properties":{"stage":{"type":"string","title":"Stage"}}},"relations":{}},
{"id":"deployment","title":"Deployment","isActive":true,"schemaProperties":{"type":"object","properties":{
  "finished-at":{"type":"string","format":"date-time","title":"Finished"},"status":{"type":"string","title":"Status","enum":["success","failure","running"]}}},
 "relations":{"service":{"title":"Service","value":"service","array":false},"environment":{"title":"Environment","value":"environment","array":false}}},
{"id":"incident","title":"Incident","isActive":true,"schemaProperties":{"type":"object","properties":{
  "created-at":{"type":"string","format":"date-time","title":"Created"},"severity":{"type":"string","title":"Severity"}}},
 "relations":{"services":{"title":"Services","value":"service","array":true}}}
]`
}

// seed adds the default blueprints of a generation to those that exist; "" adds none.
func (s *Server) seed(generation string) error {
	switch generation {
	case "":
		return nil
	case "kebab", "camel", "both":
	default:
		return fmt.Errorf("generation %q is none of kebab, camel, both", generation)
	}
	doc, err := canonical([]byte(seedBlueprints()))
	if err != nil {
		return err
	}
	for _, d := range doc.elements() {
		schema, _ := d.at("schemaProperties")
		properties, _ := schema.at("properties")
		d = with(d, "schemaProperties", with(schema, "properties", inGeneration(properties, generation)))
		b, problems := compile(d, []any{"seed"}, nil)
		if len(problems) > 0 {
			return fmt.Errorf("seed: %+v", problems)
		}
		b.userEditable = true
		if s.blueprints[b.id] == nil {
			s.blueprints[b.id] = b
		}
	}
	return nil
}

// with replaces a member of an object.
func with(doc document, key string, value document) document {
	return object(merged(doc.members(), []member{{key: key, value: value}}))
}

// inGeneration writes the keys of properties in one casing, or in both.
func inGeneration(properties document, generation string) document {
	kebab := properties.members()
	if generation == "kebab" {
		return properties
	}
	camel := document("{}")
	for _, m := range kebab {
		camel = with(camel, camelCase(m.key), m.value)
	}
	if generation == "camel" {
		return camel
	}
	return object(merged(kebab, camel.members()))
}

func camelCase(key string) string {
	words := strings.Split(key, "-")
	for i, word := range words[1:] {
		words[i+1] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
