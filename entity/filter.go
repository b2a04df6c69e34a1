package entity

// ParseFilter reads the filter parameters of a GET request (catalog.md 4.1): sets are ORed, the conditions of a set
// ANDed, values of one key ORed. It returns nil, which selects everything, when no set has a condition. That the
// parameter filter= is refused as a whole is the matter of the HTTP layer. The error is a *SyntaxError.
func ParseFilter(sets []string) (Predicate, error) { return nil, nil }

// ParseFilterQuery turns an EntityFilterQuery, as configuration files hold it, into the filter parameters that the
// official client would send (catalog.md 9.3): one record or an array of them. Values that are not strings are skipped,
// as there. The error is a *SyntaxError.
func ParseFilterQuery(v any) ([]string, error) { return nil, nil }
