package mapping

import (
	"cmp"
	"strings"
	"unicode"

	"github.com/itchyny/gojq"
)

// schema is what a blueprint says of one property.
type schema struct {
	Type                 string  `json:"type"`
	Format               string  `json:"format,omitempty"`
	Items                *schema `json:"items,omitempty"`
	AdditionalProperties bool    `json:"additionalProperties,omitempty"`
	Title                string  `json:"title,omitempty"`
}

func (s schema) itemFormat() string {
	if s.Items == nil {
		return ""
	}
	return s.Items.Format
}

// knownSchemas are those of the native mapping's properties (export.md 3).
func knownSchemas() map[string]schema {
	text := func(title string) schema { return schema{Type: "string", Title: title} }
	formatted := func(format, title string) schema { return schema{Type: "string", Format: format, Title: title} }
	return map[string]schema{
		"entityRef": text("Backstage entity ref"), "name": text("Name"), "kind": text("Kind"), "namespace": text("Namespace"),
		"type": text("Type"), "lifecycle": text("Lifecycle"), "language": text("Language"),
		"definitionSha256": text("Definition's SHA-256"), "definition": text("Definition"),
		"tags":           {Type: "array", Items: &schema{Type: "string"}, Title: "Tags"},
		"labels":         {Type: "object", AdditionalProperties: true, Title: "Labels"},
		"annotations":    {Type: "object", AdditionalProperties: true, Title: "Annotations"},
		"links":          {Type: "array", Items: &schema{Type: "string", Format: "url"}, Title: "Links"},
		"repoLink":       formatted("url", "Repository"),
		"sourceLocation": formatted("url", "Source"),
		"backstageUrl":   formatted("url", "Portal page"),
		"definitionUrl":  formatted("url", "Definition"),
		"picture":        formatted("url", "Picture"),
		"email":          formatted("email", "Email"),
		"spec":           formatted("json", "Spec"),
	}
}

// schemaOf is the schema of a property: what the mapping says, what the native mapping has for the name, or what the
// expression looks like.
func schemaOf(name string, p property, e *expression) schema {
	s, known := knownSchemas()[name]
	if !known {
		s = schema{Type: typeOf(e.query), Title: labelOf(name)}
		if s.Type == "array" {
			s.Items = &schema{Type: "string"}
		}
		s.AdditionalProperties = s.Type == "object"
	}
	if p.kind != "" && p.kind != s.Type {
		s = schema{Type: p.kind, Title: s.Title, AdditionalProperties: p.kind == "object"}
		if p.kind == "array" {
			s.Items = &schema{Type: "string"}
		}
	}
	if p.format != "" && s.Items != nil {
		s.Items = &schema{Type: "string", Format: p.format}
	} else if p.format != "" {
		s.Format = p.format
	}
	s.Title = cmp.Or(p.label, s.Title)
	return s
}

// typeOf guesses what an expression yields from its last step; a text where nothing tells.
func typeOf(q *gojq.Query) string {
	const text = "string"
	switch {
	case q == nil:
		return text
	case q.Term == nil:
		switch q.Op {
		case gojq.OpEq, gojq.OpNe, gojq.OpGt, gojq.OpLt, gojq.OpGe, gojq.OpLe, gojq.OpAnd, gojq.OpOr:
			return "boolean"
		case gojq.OpSub, gojq.OpMul, gojq.OpDiv, gojq.OpMod:
			return "number"
		}
		return typeOf(q.Right)
	case len(q.Term.SuffixList) > 0:
		return text
	}
	switch q.Term.Type {
	case gojq.TermTypeArray:
		return "array"
	case gojq.TermTypeObject:
		return "object"
	case gojq.TermTypeTrue, gojq.TermTypeFalse:
		return "boolean"
	case gojq.TermTypeNumber:
		return "number"
	case gojq.TermTypeQuery:
		return typeOf(q.Term.Query)
	case gojq.TermTypeIf:
		return typeOf(q.Term.If.Then)
	case gojq.TermTypeFunc:
		switch q.Term.Func.Name {
		case "not", "test", "has", "any", "all", "startswith", "endswith", "contains", "inside", "IN", "isvalid":
			return "boolean"
		case "length", "tonumber", "floor", "ceil", "round", "add", "max", "min":
			return "number"
		case "keys", "map", "sort", "sort_by", "unique", "unique_by", "split", "urls", "rel", "reverse", "flatten":
			return "array"
		case "with_entries", "from_entries", "fromjson":
			return "object"
		}
	}
	return text
}

// yieldsList reports whether a relation leads to many: exactly when its expression is rel(…), or a list is written out.
func yieldsList(e *expression) bool {
	q := e.query
	if q == nil || q.Term == nil || len(q.Term.SuffixList) > 0 {
		return false
	}
	return q.Term.Type == gojq.TermTypeArray || q.Term.Type == gojq.TermTypeFunc && q.Term.Func.Name == "rel"
}

// leadsTo is the kind that a relation leads to, as rel(…) and one(…) say it.
func leadsTo(e *expression) string {
	q := e.query
	if q == nil || q.Term == nil || q.Term.Type != gojq.TermTypeFunc || len(q.Term.Func.Args) != 2 {
		return ""
	}
	if name := q.Term.Func.Name; name != "rel" && name != "one" {
		return ""
	}
	kind, _ := literal(q.Term.Func.Args[1])
	return kind
}

// labelOf makes a title of a key: "dependsOnResources" is "Depends on resources".
func labelOf(key string) string {
	switch key {
	case "ownerUser":
		return "Owner"
	case "dependsOnComponents":
		return "Depends on"
	}
	var b strings.Builder
	for i, r := range key {
		switch {
		case i == 0:
			b.WriteRune(unicode.ToUpper(r))
		case r == '-' || r == '_':
			b.WriteByte(' ')
		case unicode.IsUpper(r):
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), " apis", " APIs")
}
