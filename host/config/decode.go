package config

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"
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
	if _, own := v.Addr().Interface().(Decoder); own || v.Kind() != reflect.Struct {
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

// convert chooses by what the destination can do, then by what it is.
func (d *decoding) convert(c *Config, v reflect.Value, t tag) {
	switch dst := v.Addr().Interface().(type) {
	case Decoder:
		d.add(c, dst.DecodeConfig(c))
	case *Secret:
		text, bad := textOf(c.node)
		d.mismatch(c, bad)
		*dst = c.keep(text)
	case *Duration:
		d.duration(c, dst, t)
	case *time.Duration:
		d.duration(c, (*Duration)(dst), t)
	case *any:
		*dst = c.node.plain()
	case keyed:
		d.keyed(c, dst)
	case encoding.TextUnmarshaler:
		text, bad := textOf(c.node)
		if !d.mismatch(c, bad) {
			d.add(c, dst.UnmarshalText([]byte(text)))
		}
	default:
		d.kind(c, v, t)
	}
}

func (d *decoding) duration(c *Config, dst *Duration, t tag) {
	read := c.Duration
	if t.millis {
		read = func(path string) (Duration, error) {
			v, _, err := c.OptionalMillis(path)
			return v, err
		}
	}
	v, err := read("")
	if err == nil {
		*dst = v
	}
	d.add(c, err)
}

func (d *decoding) kind(c *Config, v reflect.Value, t tag) {
	switch v.Kind() {
	case reflect.String:
		text, bad := textOf(c.node)
		if bad != nil && t.empty && c.node.typeName() == "empty-string" {
			bad = nil
		}
		d.mismatch(c, bad)
		v.SetString(text)
	case reflect.Bool:
		b, bad := boolOf(c.node)
		d.mismatch(c, bad)
		v.SetBool(b)
	case reflect.Float32, reflect.Float64:
		f, bad := numberOf(c.node)
		d.mismatch(c, bad)
		v.SetFloat(f)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i, ok := d.integer(c); ok && v.OverflowInt(i) {
			d.report(c, "is out of range")
		} else if ok {
			v.SetInt(i)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if i, ok := d.integer(c); ok && (i < 0 || v.OverflowUint(uint64(i))) {
			d.report(c, "is out of range")
		} else if ok {
			v.SetUint(uint64(i))
		}
	case reflect.Slice:
		d.slice(c, v, t)
	case reflect.Map:
		d.mapping(c, v)
	case reflect.Struct:
		if !d.mismatch(c, wantKind(c.node, mapping, "object")) {
			d.fields(c, v)
		}
	default:
		panic(fmt.Sprintf("config: cannot decode into %s", v.Type()))
	}
}

// integer reads a whole number that a float64 holds exactly.
func (d *decoding) integer(c *Config) (int64, bool) {
	f, bad := numberOf(c.node)
	switch {
	case d.mismatch(c, bad):
		return 0, false
	case f != math.Trunc(f):
		d.report(c, "wanted a whole number")
		return 0, false
	case math.Abs(f) > 1<<53:
		d.report(c, "is out of range")
		return 0, false
	}
	return int64(f), true
}

func (d *decoding) slice(c *Config, v reflect.Value, t tag) {
	items := c.Elements("")
	switch {
	case c.node.kind == list:
	case t.list:
		items = []*Config{c}
	default:
		d.mismatch(c, &mismatch{node: c.node, wanted: "array"})
		return
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		d.element(item, out.Index(i))
	}
	v.Set(out)
}

// element decodes into a list or mapping, where null is no value that could be left out.
func (d *decoding) element(c *Config, v reflect.Value) {
	if !c.node.present() && v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
		d.report(c, "is null")
		return
	}
	if c.node.present() {
		d.value(c, v, tag{})
	}
}

func (d *decoding) mapping(c *Config, v reflect.Value) {
	if v.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("config: cannot decode into %s", v.Type()))
	}
	if d.mismatch(c, wantKind(c.node, mapping, "object")) {
		return
	}
	out := reflect.MakeMapWithSize(v.Type(), len(c.node.fields))
	for _, key := range c.Keys("") {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.element(c.child(key), elem)
		out.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), elem)
	}
	v.Set(out)
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
	if dst, ok := v.Addr().Interface().(Validator); ok {
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
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // only the outermost join is taken apart
	if _, list := err.(Problems); !ok || list {       //nolint:errorlint // as above
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}

func wantKind(n *node, k kind, wanted string) *mismatch {
	if n.kind != k {
		return &mismatch{node: n, wanted: wanted}
	}
	return nil
}
