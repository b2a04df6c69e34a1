package entity

import (
	"math"
	"slices"
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
func SearchRows(e Entity) (rows []Row, conflict string) {
	f := flattener{
		casing: make(map[string]string, 64),
		seen:   make(map[[2]string]struct{}, 64),
		rows:   make([]Row, 0, 48),
	}
	if e.Object == nil {
		return nil, ""
	}
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
	casing    map[string]string // lower-cased key → the casing that came first
	seen      map[[2]string]struct{}
	conflicts []string
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
			if _, taken := f.casing[Fold(key)]; !taken {
				f.add(key, true)
			}
		}
	}
}

func (f *flattener) add(key string, value any) {
	folded := Fold(key)
	switch first, known := f.casing[folded]; {
	case !known:
		f.casing[folded] = key
	case first != key:
		if !slices.Contains(f.conflicts, folded) {
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
	id := [2]string{row.Key, "=" + row.Value}
	if row.Null {
		id[1] = ""
	}
	if _, repeated := f.seen[id]; repeated {
		return
	}
	f.seen[id] = struct{}{}
	f.rows = append(f.rows, row)
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
