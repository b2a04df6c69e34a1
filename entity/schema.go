package entity

import (
	"slices"
	"strings"
)

// schema is the part of JSON Schema that the catalog's schemas use. It is checked in the order in which Backstage's
// validator (AJV) reports, because only the first complaint is shown: type, required keys, unknown keys, and then the
// properties in the order of the schema, depth first.
type schema struct {
	kind       string // object, array or string
	min        int    // string: least length
	max        int    // string: greatest length, 0 = none
	enum       []string
	items      *schema    // array: of each item
	required   []string   // object
	closed     bool       // object: no keys but those of properties
	properties []property // object
	values     *schema    // object: of each value whose key is not empty
	oneOf      []*schema  // alternatives, in place of all above; of the errors, those of the first are shown
}

type property struct {
	key    string
	schema *schema
}

// violation is a failed check. The path is put together on the way out, so that it costs nothing while all is well.
type violation struct {
	path    string // JSON pointer
	message string
	params  string // "name: value"
}

func (v *violation) under(key string) *violation {
	v.path = "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key) + v.path
	return v
}

// text is the message with its place, without the parameters.
func (v *violation) text() string {
	if v.path == "" {
		return "<root> " + v.message
	}
	return v.path + " " + v.message
}

// typeError is the error that carries the violation in the text of catalog.md 1.3.
func (v *violation) typeError() error {
	return &ValidationError{Name: "TypeError", Message: v.text() + " - " + v.params}
}

func (s *schema) check(value any) *violation {
	if s.oneOf != nil {
		return s.checkOneOf(value)
	}
	switch s.kind {
	case "object":
		if o, ok := value.(*Object); ok {
			return s.checkObject(o)
		}
	case "array":
		if items, ok := value.([]any); ok {
			return s.checkArray(items)
		}
	case "string":
		if text, ok := value.(string); ok {
			return s.checkString(text)
		}
	}
	return &violation{message: "must be " + s.kind, params: "type: " + s.kind}
}

func (s *schema) checkObject(o *Object) *violation {
	for _, key := range s.required {
		if !o.Has(key) {
			return &violation{message: "must have required property '" + key + "'", params: "missingProperty: " + key}
		}
	}
	if s.closed {
		if v := s.checkClosed(o); v != nil {
			return v
		}
	}
	for _, p := range s.properties {
		if value, ok := o.Get(p.key); ok {
			if v := p.schema.check(value); v != nil {
				return v.under(p.key)
			}
		}
	}
	if s.values != nil {
		for key, value := range o.All() {
			if key == "" {
				continue
			}
			if v := s.values.check(value); v != nil {
				return v.under(key)
			}
		}
	}
	return nil
}

func (s *schema) checkClosed(o *Object) *violation {
	for key := range o.All() {
		if !slices.ContainsFunc(s.properties, func(p property) bool { return p.key == key }) {
			return &violation{message: "must NOT have additional properties", params: "additionalProperty: " + key}
		}
	}
	return nil
}

func (s *schema) checkArray(items []any) *violation {
	if s.items == nil {
		return nil
	}
	for i, item := range items {
		if v := s.items.check(item); v != nil {
			return v.under(NumberString(float64(i)))
		}
	}
	return nil
}

func (s *schema) checkString(text string) *violation {
	if s.max > 0 && UTF16Len(text) > s.max {
		limit := NumberString(float64(s.max))
		return &violation{message: "must NOT have more than " + limit + " characters", params: "limit: " + limit}
	}
	if s.min > 0 && text == "" { // no schema asks for more than one
		return &violation{message: "must NOT have fewer than 1 characters", params: "limit: 1"}
	}
	if s.enum != nil && !slices.Contains(s.enum, text) {
		return &violation{
			message: "must be equal to one of the allowed values",
			params:  "allowedValues: " + strings.Join(s.enum, ","),
		}
	}
	return nil
}

func (s *schema) checkOneOf(value any) *violation {
	var first *violation
	for _, alternative := range s.oneOf {
		v := alternative.check(value)
		if v == nil {
			return nil
		}
		if first == nil {
			first = v
		}
	}
	return first
}
