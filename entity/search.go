package entity

import (
	"math"
	"strconv"
	"strings"
)

// maxSearchLength is the greatest length of a key or value in the search index, in UTF-16 code units.
const maxSearchLength = 200

// Row is one entry of the search index: what filters, order, facets and full text work on (catalog.md 2). Key and Value
// are lower-cased by Fold, and of at most 200 UTF-16 code units each.
type Row struct {
	Key, Value string
	// Original is the value in its own casing.
	Original string
	// Null says that the key is there without a value that could be matched, because it is null or too long.
	Null bool
}

// SearchRows flattens a final entity. Where keys differ only in casing, the first casing is indexed and the others are
// left out (our deviation, catalog.md 11); conflict then holds the lower-cased keys, joined by "', '", for the text
// "Entity has duplicate keys that vary only in casing, '<conflict>'".
func SearchRows(e Entity) (rows []Row, conflict string) { return new(Flattener).SearchRows(e) }

// Flattener is SearchRows for many entities: it keeps its memory from one to the next. It is for one goroutine.
type Flattener struct{ f flattener }

// SearchRows does what the function of that name does. The rows are good until the next call.
func (r *Flattener) SearchRows(e Entity) (rows []Row, conflict string) {
	if e.Object == nil {
		return nil, ""
	}
	f := &r.f
	f.reset()
	f.object("", e.Object)
	f.add("metadata.name", e.Path("metadata", "name"))
	f.add("metadata.namespace", e.Namespace())
	f.add("metadata.uid", e.Path("metadata", "uid"))
	relations, _ := e.Path("relations").([]any)
	for _, item := range relations {
		if relation, ok := item.(*Object); ok {
			f.add("relations."+asText(relation.Path("type")), relation.Path("targetRef"))
		}
	}
	return f.rows, strings.Join(f.conflicts, "', '")
}

type flattener struct {
	rows      []Row
	keys      []searchKey
	byKey     map[string]int // lower-cased key → its place in keys
	conflicts []string
}

// mostKept bounds what a flattener keeps for the next entity: one of very many keys must not cost all those after it.
const mostKept = 4096

func (f *flattener) reset() {
	if f.byKey == nil || len(f.keys) > mostKept || len(f.rows) > mostKept {
		*f = flattener{byKey: make(map[string]int, 64), keys: make([]searchKey, 0, 64), rows: make([]Row, 0, 64)}
		return
	}
	clear(f.byKey)
	clear(f.keys) // what they point to must not live on
	clear(f.rows)
	f.rows, f.keys, f.conflicts = f.rows[:0], f.keys[:0], f.conflicts[:0]
}

// searchKey is what is known of a key so far.
type searchKey struct {
	original string // the casing that came first
	row      int    // its first row, or -1
	// values are those of all its rows, gathered when a second one comes: most keys have only one.
	values map[rowValue]struct{}
	// conflict says that another casing came after the first.
	conflict bool
}

// rowValue is what tells the rows of one key apart.
type rowValue struct {
	value string
	null  bool
}

// excluded are the paths that the index leaves out, or adds in its own way.
func excluded(path string) bool {
	switch path {
	case "attachments", "relations", "status", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.etag":
		return true
	default:
		return false
	}
}

func (f *flattener) visit(path string, value any) {
	if excluded(path) {
		return
	}
	switch value := value.(type) {
	case *Object:
		f.object(path, value)
	case []any:
		f.array(path, value)
	default:
		f.add(path, value)
	}
}

func (f *flattener) object(path string, o *Object) {
	for key, value := range o.All() {
		if path != "" {
			key = path + "." + key
		}
		f.visit(key, value)
	}
}

// array gives each item the path of the array, and each string a key of its own as well, so that a filter can ask for
// several items at once. That key is left out when it is there already, in whatever casing.
func (f *flattener) array(path string, items []any) {
	for _, item := range items {
		f.visit(path, item)
		if text, ok := item.(string); ok {
			key := path + "." + text
			if folded := Fold(key); !f.known(folded) {
				f.addFolded(key, folded, true)
			}
		}
	}
}

func (f *flattener) known(folded string) bool {
	_, known := f.byKey[folded]
	return known
}

func (f *flattener) add(key string, value any) { f.addFolded(key, Fold(key), value) }

func (f *flattener) addFolded(key, folded string, value any) {
	i, known := f.byKey[folded]
	if !known {
		i = len(f.keys)
		f.byKey[folded] = i
		f.keys = append(f.keys, searchKey{original: key, row: -1})
	}
	k := &f.keys[i]
	if k.original != key {
		if !k.conflict {
			k.conflict = true
			f.conflicts = append(f.conflicts, folded)
		}
		return
	}
	if tooLong(folded) {
		return
	}
	row := Row{Key: folded, Null: true}
	if text, ok := scalarText(value); ok {
		if lower := Fold(text); !tooLong(lower) {
			row = Row{Key: folded, Value: lower, Original: text}
		}
	}
	if k.row < 0 {
		k.row = len(f.rows)
	} else if k.repeats(f.rows[k.row], row) {
		return
	}
	f.rows = append(f.rows, row)
}

// repeats reports whether the key already has a row with that value, and notes the value.
func (k *searchKey) repeats(first, row Row) bool {
	if k.values == nil {
		k.values = map[rowValue]struct{}{{first.Value, first.Null}: {}}
	}
	id := rowValue{row.Value, row.Null}
	_, repeated := k.values[id]
	k.values[id] = struct{}{}
	return repeated
}

func tooLong(s string) bool {
	return len(s) > maxSearchLength && UTF16Len(s) > maxSearchLength
}

// scalarText returns JavaScript's String(v) for a value that is neither null nor a collection.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		// What is no number to JSON is null once it has been stored.
		return NumberString(v), !math.IsNaN(v) && !math.IsInf(v, 0)
	default:
		return "", false
	}
}
