package entity

// AppendJSON appends v to dst as JavaScript's JSON.stringify(v) writes it. NaN and the infinities become null.
func AppendJSON(dst []byte, v any) []byte { return dst }

// StableJSON writes v with the keys of all objects sorted, so that equal values give equal bytes.
func StableJSON(v any) []byte { return nil }

// Merge merges top over base as lodash's merge does: objects deeply, everything else by replacement. Neither argument
// is changed or shared. The keys of base come first.
func Merge(base, top any) any { return nil }

// Equal reports whether two values are the same JSON value; the order of keys does not matter.
func EqualValues(a, b any) bool { return false }
