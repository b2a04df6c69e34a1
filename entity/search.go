package entity

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
func SearchRows(e Entity) (rows []Row, conflict string) { return nil, "" }
