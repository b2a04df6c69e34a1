package config

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"time"
)

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
	case math.Abs(f) >= 1<<53:
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

func wantKind(n *node, k kind, wanted string) *mismatch {
	if n.kind != k {
		return &mismatch{node: n, wanted: wanted}
	}
	return nil
}
