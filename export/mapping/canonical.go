package mapping

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
)

// appendJSON writes a value as entity.StableJSON does: keys sorted, no white space. Besides the values of package entity
// it takes those that jq yields. What JSON cannot say becomes what jq makes of it: an infinity is the greatest number.
func appendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	case *entity.Object:
		return appendObject(b, v)
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.SortFunc(keys, entity.CompareUTF16)
		b = append(b, '{')
		for i, key := range keys {
			b = appendMember(b, i, key, v[key])
		}
		return append(b, '}')
	case float64:
		if math.IsInf(v, 0) {
			v = math.Copysign(math.MaxFloat64, v)
		}
		return entity.AppendJSON(b, v)
	case *big.Int:
		return v.Append(b, 10)
	default:
		return entity.AppendJSON(b, v)
	}
}

func appendObject(b []byte, o *entity.Object) []byte {
	type member struct {
		key   string
		value any
	}
	var few [16]member // most objects need no more, and the stack costs nothing
	members := few[:0]
	for key, value := range o.All() {
		members = append(members, member{key, value})
	}
	slices.SortFunc(members, func(a, b member) int { return entity.CompareUTF16(a.key, b.key) })
	b = append(b, '{')
	for i, m := range members {
		b = appendMember(b, i, m.key, m.value)
	}
	return append(b, '}')
}

func appendMember(b []byte, i int, key string, value any) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	b = append(entity.AppendJSON(b, key), ':')
	return appendJSON(b, value)
}

// toJQ copies a value of package entity into the types that gojq works on.
func toJQ(v any) any {
	switch v := v.(type) {
	case *entity.Object:
		if v == nil {
			return nil
		}
		m := make(map[string]any, v.Len())
		for key, item := range v.All() {
			m[key] = toJQ(item)
		}
		return m
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = toJQ(item)
		}
		return items
	case string:
		return strings.ToValidUTF8(v, "\ufffd")
	default:
		return v
	}
}
