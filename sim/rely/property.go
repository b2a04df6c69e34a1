package rely

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// property is what a blueprint says of one.
type property struct {
	kind   string
	format string
	enum   []document
	items  *property
}

// compileProperty reads a property's schema, or says what is wrong with it.
func compileProperty(doc document) (p *property, mistake string) {
	if doc.kind() != '{' {
		return nil, "Input should be a valid dictionary"
	}
	p = &property{}
	for _, m := range doc.members() {
		switch m.key {
		case "type":
			p.kind = m.value.str()
		case "format":
			p.format = m.value.str()
		case "enum":
			p.enum = m.value.elements()
		case "items":
			if p.items, mistake = compileProperty(m.value); mistake != "" {
				return nil, mistake
			}
		}
	}
	if !slices.Contains([]string{"string", "number", "integer", "boolean", "object", "array"}, p.kind) {
		return nil, fmt.Sprintf("%q is no type of a property", p.kind)
	}
	return p, ""
}

// shape says what is wrong with the type or the format of a value; a null is right.
func (p *property) shape(v document) (message, kind string) {
	if v.kind() == 'n' {
		return "", ""
	}
	want := map[string]byte{"string": '"', "number": '0', "integer": '0', "object": '{', "array": '['}[p.kind]
	switch {
	case p.kind == "boolean" && v.kind() != 't' && v.kind() != 'f':
		return "Input should be a valid boolean", "bool_type"
	case want != 0 && v.kind() != want:
		return "Input should be a valid " + p.kind, p.kind + "_type"
	case p.kind == "integer" && strings.ContainsAny(string(v), ".eE"):
		return "Input should be a valid integer, got a number with a fractional part", "int_from_float"
	case p.kind == "string" && p.format != "":
		return p.formatted(v.str())
	case p.kind == "array" && p.items != nil:
		for _, item := range v.elements() {
			if message, kind := p.items.shape(item); message != "" {
				return message, kind
			}
		}
	}
	return "", ""
}

// formatted checks the formats that Rely is said to check (export.md 2.3).
func (p *property) formatted(s string) (message, kind string) {
	switch p.format {
	case "url":
		if !goodURL(s) {
			return "Input should be a valid URL", "url_parsing"
		}
	case "email":
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
			return "value is not a valid email address", "value_error"
		}
	case "date-time":
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			return "Input should be a valid datetime", "datetime_parsing"
		}
	case "json":
		if !json.Valid([]byte(s)) {
			return "Invalid JSON", "json_invalid"
		}
	case "yaml":
		var v any
		if err := yaml.Unmarshal([]byte(s), &v); err != nil {
			return "Invalid YAML", "value_error"
		}
	}
	return "", ""
}

// goodURL takes what has a scheme and a host; `mailto:` has none.
func goodURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != ""
}

// allowed checks the enum; a null is allowed.
func (p *property) allowed(v document) bool {
	if v.kind() == 'n' {
		return true
	}
	if len(p.enum) > 0 && !slices.Contains(p.enum, v) {
		return false
	}
	if p.kind == "array" && p.items != nil && len(p.items.enum) > 0 {
		return !slices.ContainsFunc(v.elements(), func(item document) bool { return !p.items.allowed(item) })
	}
	return true
}
