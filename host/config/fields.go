package config

import (
	"reflect"
	"strings"
)

// tag is a field's `config:"name,options"`.
type tag struct {
	name                          string
	required, empty, list, millis bool
}

type structField struct {
	tag   tag
	value reflect.Value
}

// structFields lists the tagged fields of a struct and of the untagged structs embedded in it.
func structFields(v reflect.Value) []structField {
	var out []structField
	for i := range v.NumField() {
		f := v.Type().Field(i)
		text, tagged := f.Tag.Lookup("config")
		switch {
		case !tagged && f.Anonymous && f.Type.Kind() == reflect.Struct:
			out = append(out, structFields(v.Field(i))...)
		case tagged && text != "-":
			out = append(out, structField{parseTag(v.Type(), text), v.Field(i)})
		}
	}
	return out
}

func parseTag(owner reflect.Type, text string) tag {
	name, options, _ := strings.Cut(text, ",")
	t := tag{name: name}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "required":
			t.required = true
		case "empty":
			t.empty = true
		case "list":
			t.list = true
		case "millis":
			t.millis = true
		default:
			panic("config: unknown option " + option + " in a tag of " + owner.String())
		}
	}
	return t
}

// KeyedList is a mapping whose order, or whose keys' places, matter: proxy endpoints for instance.
type KeyedList[T any] []Keyed[T]

// Keyed is one entry of a KeyedList.
type Keyed[T any] struct {
	Key    string
	Origin Origin // of the key
	Value  T
}

// Get returns the value under key.
func (l KeyedList[T]) Get(key string) (value T, ok bool) {
	for _, k := range l {
		if k.Key == key {
			return k.Value, true
		}
	}
	return value, false
}

// keyed is a KeyedList of whatever type.
type keyed interface {
	grow(key string, origin Origin) reflect.Value
	reset()
}

var _ keyed = (*KeyedList[any])(nil)

// grow appends an entry and returns its value, to be set.
func (l *KeyedList[T]) grow(key string, origin Origin) reflect.Value {
	*l = append(*l, Keyed[T]{Key: key, Origin: origin})
	return reflect.ValueOf(&(*l)[len(*l)-1].Value).Elem()
}

func (l *KeyedList[T]) reset() { *l = nil }

func (d *decoding) keyed(c *Config, dst keyed) {
	if d.mismatch(c, wantKind(c.node, mapping, "object")) {
		return
	}
	dst.reset()
	for _, key := range c.Keys("") {
		child := c.child(key)
		d.element(child, dst.grow(key, child.key))
	}
}
