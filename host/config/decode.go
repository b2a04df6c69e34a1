package config

import (
	"fmt"
	"reflect"
	"slices"
)

// Mode says what an unknown key is while decoding.
type Mode int

const (
	// Strict makes an unknown key an error: our own sections.
	Strict Mode = iota
	// Lenient makes it a warning among Problems: upstream's sections.
	Lenient
)

// Decoder is a type that reads itself from the value at its key, which c views: c.String("") is the value itself.
type Decoder interface {
	DecodeConfig(c *Config) error
}

// Validator is a type that checks itself once it has been decoded without mistakes. It may return Problems, whose paths
// are relative to its own key (see Invalid), or any other error, which is reported at the key itself.
type Validator interface {
	Validate() error
}

// Decode reads the value at path into dst, a pointer to a struct with fields tagged `config:"name"`, or to anything that
// such a field may be: text, bool, number, Duration, Secret, any, a Decoder, an encoding.TextUnmarshaler, a struct, and
// pointers, slices, map[string]T and KeyedList of these. Fields without the tag are left alone; untagged embedded structs
// share their parent's keys. Options after the name:
//
//	required   the key must be there
//	empty      a text may be empty
//	list       a single value is a list of one
//	millis     a Duration may be a plain number of milliseconds
//
// What is absent or null leaves the field as it is, so defaults are set before. Texts are read as numbers and booleans
// where these are wanted, as the typed getters do, because ${VAR} always yields a text. The error is a Problems with all
// mistakes; warnings go to Problems. Decode panics if dst is no pointer or has a field of a type that it does not know.
func (c *Config) Decode(path string, dst any, mode Mode) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("config: Decode into %T, which is no pointer", dst))
	}
	d := &decoding{mode: mode}
	section := c.view(c.find(path))
	if section.node.present() {
		d.value(section, v.Elem(), tag{})
	} else {
		d.absent(section, v.Elem())
	}
	all := slices.Concat(d.problems, d.unknown)
	c.warn(all.Warnings())
	return all.Sorted().Err()
}

// decoding is one call of Decode.
type decoding struct {
	mode     Mode
	problems Problems
	// unknown keys are kept apart, because they do not prevent the checks of what is known.
	unknown Problems
}

// absent asks for the required keys of a section that is not there at all.
func (d *decoding) absent(c *Config, v reflect.Value) {
	if _, own := reflect.TypeAssert[Decoder](v.Addr()); own || v.Kind() != reflect.Struct {
		return
	}
	for _, f := range structFields(v) {
		if f.tag.required {
			d.missing(c, f.tag.name, c.node)
		}
	}
	if len(d.problems) == 0 {
		d.validate(c, v)
	}
}

// value decodes a value that is present.
func (d *decoding) value(c *Config, v reflect.Value, t tag) {
	if n := c.node; n.unreadable != nil {
		d.problems = append(d.problems, *n.unreadable)
		if n.kind == nothing {
			return
		}
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(c, v.Elem(), t)
		return
	}
	before := len(d.problems)
	d.convert(c, v, t)
	if len(d.problems) == before {
		d.validate(c, v)
	}
}

// fields decodes a mapping into a struct.
func (d *decoding) fields(c *Config, v reflect.Value) {
	var names []string
	for _, f := range structFields(v) {
		names = append(names, f.tag.name)
		child := c.child(f.tag.name)
		switch {
		case child.node.present():
			d.value(child, f.value, f.tag)
		case f.tag.required && (child.node != nil || c.node.unreadable == nil):
			d.missing(c, f.tag.name, child.node)
		}
	}
	d.unknown = append(d.unknown, c.unknown(names, d.mode == Lenient)...)
}

// missing reports a required key that is not there, and why, if that is known.
func (d *decoding) missing(c *Config, name string, n *node) {
	p := Problem{Origin: c.origin(), Path: join(c.path, name), Message: "is required"}
	if n != nil && n.dropped != "" {
		p.Origin, p.Hint = n.origin, "missing because "+n.dropped
	}
	d.problems = append(d.problems, p)
}

func (d *decoding) validate(c *Config, v reflect.Value) {
	if dst, ok := reflect.TypeAssert[Validator](v.Addr()); ok {
		d.add(c, dst.Validate())
	}
}

// report adds a problem at the value itself.
func (d *decoding) report(c *Config, message string) {
	d.problems = append(d.problems, c.Errorf("", "", "%s", message))
}

func (d *decoding) mismatch(c *Config, bad *mismatch) bool {
	if bad != nil {
		d.problems = append(d.problems, bad.problem(c.path))
	}
	return bad != nil
}

// add takes over what a type said about itself, completing paths and places.
func (d *decoding) add(c *Config, err error) {
	for _, e := range flatten(err) {
		for _, p := range AsProblems(e) {
			if p.Origin.IsZero() {
				_, p.Path, p.Origin = c.find(p.Path)
			}
			d.problems = append(d.problems, p)
		}
	}
}

// flatten takes errors.Join apart, so that each part is a line.
func flatten(err error) []error {
	switch e := err.(type) { //nolint:errorlint // only what is outermost is taken apart
	case nil:
		return nil
	case Problems:
		return []error{err}
	case interface{ Unwrap() []error }:
		var out []error
		for _, part := range e.Unwrap() {
			out = append(out, flatten(part)...)
		}
		return out
	default:
		return []error{err}
	}
}
