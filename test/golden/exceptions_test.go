package golden_test

// exception is why a pair differs.
type exception struct {
	// reason says what differs and why.
	reason string
	// later names the work that will make the pair equal; empty for a deliberate fix that stays.
	later string
}

// exceptions are the pairs that differ, by "<file>: <name>". docs/compatibility.md explains each to users.
var exceptions = map[string]exception{}
