package entity

import (
	"iter"
	"slices"
	"sort"
)

// Value is a JSON value: nil, bool, float64, string, []any or *Object.
type Value = any

// indexFrom is the number of members from which an Object looks keys up in a map. Below it, comparing the keys one
// by one is faster than hashing.
const indexFrom = 12

// Object is a JSON object that keeps the order of its keys: the order in which they were first set, after keys that
// are array indexes ("0", "17"), which come first in ascending order, because that is how JavaScript orders an object.
//
// A nil *Object may be read like an empty one. An Object must not be changed while another goroutine uses it, and no
// key may be added or deleted while it is being ranged over.
type Object struct {
	members []member
	index   map[string]int // nil while there are fewer than indexFrom members
	dead    int            // how many members are tombstones; only in an indexed object
}

type member struct {
	key   string
	value any
}

// tombstone marks a deleted member of an indexed object, so that deleting need not renumber the index each time.
type tombstone struct{}

func (m *member) live() bool {
	_, dead := m.value.(tombstone)
	return !dead
}

// NewObject returns an empty object.
func NewObject() *Object { return &Object{} }

// CollectObject builds an object from the pairs of seq. A repeated key keeps its first place and takes its last value.
// It is the way to build a large object: unlike Set, its cost does not depend on the order of the keys.
func CollectObject(seq iter.Seq2[string, any]) *Object {
	var members []member
	for k, v := range seq {
		members = append(members, member{k, v})
	}
	return newObject(members)
}

// Len returns the number of keys.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.members) - o.dead
}

func (o *Object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	for i := range o.members {
		if o.members[i].key == key {
			return i
		}
	}
	return -1
}

// Get returns the value of key, and whether there is one.
func (o *Object) Get(key string) (any, bool) {
	if i := o.find(key); i >= 0 {
		return o.members[i].value, true
	}
	return nil, false
}

// Has reports whether the object has the key.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// Set gives key a value. A new key goes to the end, or to its place among the array indexes.
func (o *Object) Set(key string, value any) {
	if i := o.find(key); i >= 0 {
		o.members[i].value = value
		return
	}
	if n, ok := arrayIndex(key); ok && !o.endsBefore(n) {
		o.insert(n, key, value)
		return
	}
	if o.members == nil {
		o.members = make([]member, 0, 4)
	}
	o.members = append(o.members, member{key, value})
	switch {
	case o.index != nil:
		o.index[key] = len(o.members) - 1
	case len(o.members) >= indexFrom:
		o.reindex()
	}
}

// endsBefore reports whether an array index n may be appended as it is.
func (o *Object) endsBefore(n uint32) bool {
	if len(o.members) == 0 {
		return true
	}
	last, ok := arrayIndex(o.members[len(o.members)-1].key)
	return ok && last < n
}

func (o *Object) insert(n uint32, key string, value any) {
	o.compact()
	at := sort.Search(len(o.members), func(i int) bool {
		m, ok := arrayIndex(o.members[i].key)
		return !ok || m > n
	})
	o.members = slices.Insert(o.members, at, member{key, value})
	o.reindex()
}

// Delete removes key, if it is there.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	if o.index == nil {
		o.members = slices.Delete(o.members, i, i+1)
		return
	}
	delete(o.index, key)
	o.members[i] = member{value: tombstone{}}
	o.dead++
	if o.dead*2 > len(o.members) {
		o.compact()
		o.reindex()
	}
}

func (o *Object) compact() {
	if o.dead > 0 {
		o.members = slices.DeleteFunc(o.members, func(m member) bool { return !m.live() })
		o.dead = 0
	}
}

func (o *Object) reindex() {
	o.index = nil
	if len(o.members) < indexFrom {
		return
	}
	o.index = make(map[string]int, len(o.members))
	for i := range o.members {
		o.index[o.members[i].key] = i
	}
}

// Keys returns the keys in order.
func (o *Object) Keys() []string {
	keys := make([]string, 0, o.Len())
	for k := range o.All() {
		keys = append(keys, k)
	}
	return keys
}

// All ranges over keys and values in order.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		for i := range o.members {
			if m := &o.members[i]; (o.dead == 0 || m.live()) && !yield(m.key, m.value) {
				return
			}
		}
	}
}

// Path follows keys down through nested objects and returns what is there, or nil.
func (o *Object) Path(keys ...string) any {
	var v any = o
	for _, key := range keys {
		next, ok := v.(*Object)
		if !ok {
			return nil
		}
		v, _ = next.Get(key)
	}
	return v
}

// Clone returns a deep copy. The clone of nil is nil.
func (o *Object) Clone() *Object {
	if o == nil {
		return nil
	}
	c := &Object{members: make([]member, 0, o.Len())}
	for k, v := range o.All() {
		c.members = append(c.members, member{k, CloneValue(v)})
	}
	c.reindex()
	return c
}

// CloneValue returns a deep copy of a value.
func CloneValue(v any) any {
	switch v := v.(type) {
	case *Object:
		return v.Clone()
	case []any:
		c := make([]any, len(v))
		for i, item := range v {
			c[i] = CloneValue(item)
		}
		return c
	default:
		return v
	}
}

// newObject takes members in the order of a source and makes them an object: of repeated keys the last value in the
// first place, array indexes in front.
func newObject(members []member) *Object {
	o := &Object{members: members}
	if len(members) < indexFrom {
		o.members = dropRepeated(members)
	} else {
		o.dropRepeatedByIndex()
	}
	if outOfOrder(o.members) {
		slices.SortStableFunc(o.members, compareMembers)
		o.reindex()
	}
	return o
}

func dropRepeated(members []member) []member {
	for i := 1; i < len(members); i++ {
		for j := range i {
			if members[j].key == members[i].key {
				members[j].value = members[i].value
				members = slices.Delete(members, i, i+1)
				i--
				break
			}
		}
	}
	return members
}

func (o *Object) dropRepeatedByIndex() {
	o.index = make(map[string]int, len(o.members))
	kept := o.members[:0]
	for _, m := range o.members {
		if i, ok := o.index[m.key]; ok {
			kept[i].value = m.value
			continue
		}
		o.index[m.key] = len(kept)
		kept = append(kept, m)
	}
	clear(o.members[len(kept):])
	o.members = kept
	if len(kept) < indexFrom {
		o.index = nil
	}
}

// outOfOrder reports whether some array index stands behind another key or a greater index.
func outOfOrder(members []member) bool {
	last, inFront := int64(-1), true
	for i := range members {
		n, ok := arrayIndex(members[i].key)
		switch {
		case !ok:
			inFront = false
		case !inFront || int64(n) < last:
			return true
		default:
			last = int64(n)
		}
	}
	return false
}

func compareMembers(a, b member) int {
	x, xIndex := arrayIndex(a.key)
	y, yIndex := arrayIndex(b.key)
	switch {
	case xIndex && yIndex:
		return int(int64(x) - int64(y))
	case xIndex:
		return -1
	case yIndex:
		return 1
	default:
		return 0
	}
}

// arrayIndex reports whether key is the canonical text of an integer from 0 to 2³²-2, which JavaScript treats as an
// array index, and returns it.
func arrayIndex(key string) (uint32, bool) {
	if key == "" || len(key) > 10 || key[0] > '9' || (key[0] == '0' && len(key) > 1) {
		return 0, false
	}
	var n uint64
	for i := range len(key) {
		c := key[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return uint32(n), n < 1<<32-1
}
