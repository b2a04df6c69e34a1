package entity

import "strings"

// ParseFilter reads the filter parameters of a GET request (catalog.md 4.1): sets are ORed, the conditions of a set
// ANDed, values of one key ORed. It returns nil, which selects everything, when no set has a condition. That the
// parameter filter= is refused as a whole is the matter of the HTTP layer. The error is a *SyntaxError.
func ParseFilter(sets []string) (Predicate, error) {
	var alternatives []Predicate
	for _, set := range sets {
		p, err := parseFilterSet(set)
		if err != nil {
			return nil, err
		}
		if p != nil {
			alternatives = append(alternatives, p)
		}
	}
	switch len(alternatives) {
	case 0:
		return nil, nil
	case 1:
		return alternatives[0], nil
	default:
		return Any{Of: alternatives}, nil
	}
}

// parseFilterSet groups the conditions by the exact text of their key: kind=a,kind=b is one of the two, whereas
// Kind=a,kind=b is both at once. A key with a value forgets that it also stood alone.
func parseFilterSet(set string) (Predicate, error) {
	var keys []string
	values := map[string][]string{}
	for statement := range strings.SplitSeq(set, ",") {
		statement = trim(statement)
		if statement == "" {
			continue
		}
		key, value, hasValue := strings.Cut(statement, "=")
		key = trim(key)
		if key == "" {
			return nil, inputError("Invalid filter, '" + statement + "' is not a valid statement (expected a string on the form a=b or a= or a)")
		}
		if _, known := values[key]; !known {
			keys = append(keys, key)
			values[key] = nil
		}
		if hasValue {
			values[key] = append(values[key], trim(value))
		}
	}
	conditions := make([]Predicate, 0, len(keys))
	for _, key := range keys {
		if values[key] == nil {
			conditions = append(conditions, Exists{Key: key})
		} else {
			conditions = append(conditions, Equal{Key: key, Values: values[key]})
		}
	}
	switch len(conditions) {
	case 0:
		return nil, nil
	case 1:
		return conditions[0], nil
	default:
		return All{Of: conditions}, nil
	}
}

// ParseFilterQuery turns an EntityFilterQuery, as configuration files hold it, into the filter parameters that the
// official client would send (catalog.md 9.3): one record or an array of them. Values that are not strings are skipped,
// as there, and so are records of which nothing is left. The error is a *SyntaxError.
func ParseFilterQuery(v any) ([]string, error) {
	records, isList := v.([]any)
	if !isList {
		if v == nil {
			return nil, nil
		}
		records = []any{v}
	}
	var sets []string
	for _, record := range records {
		o, ok := record.(*Object)
		if !ok {
			return nil, inputError("expected an object of keys and values, or a list of such objects, got " + typeName(record))
		}
		if set := recordFilter(o); set != "" {
			sets = append(sets, set)
		}
	}
	return sets, nil
}

func recordFilter(record *Object) string {
	var parts []string
	for key, value := range record.All() {
		values, isList := value.([]any)
		if !isList {
			values = []any{value}
		}
		for _, v := range values {
			if s, ok := v.(string); ok {
				parts = append(parts, key+"="+s)
			}
		}
	}
	return strings.Join(parts, ",")
}
