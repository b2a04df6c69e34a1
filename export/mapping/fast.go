package mapping

import (
	"github.com/itchyny/gojq"

	"github.com/understudy-portal/understudy/entity"
)

// fastFunc computes an expression's only output. False means that jq must be asked, because the answer would be an error
// or is not worth a second implementation. It never changes its input.
type fastFunc func(in *input, v any) (any, bool)

// compile turns the part of jq that mappings mostly consist of into a function: paths, defaults, pipes, concatenation,
// literals, and the known functions. What it does not know it leaves to jq.
func (f functions) compile(q *gojq.Query) (fastFunc, bool) {
	switch {
	case q == nil, q.Meta != nil, len(q.Imports) > 0, len(q.FuncDefs) > 0, len(q.Patterns) > 0:
		return nil, false
	case q.Term != nil:
		return f.term(q.Term)
	case q.Left == nil || q.Right == nil:
		return nil, false
	}
	left, ok := f.compile(q.Left)
	if !ok {
		return nil, false
	}
	right, ok := f.compile(q.Right)
	if !ok {
		return nil, false
	}
	switch q.Op {
	case gojq.OpPipe:
		return func(in *input, v any) (any, bool) {
			v, ok := left(in, v)
			if !ok {
				return nil, false
			}
			return right(in, v)
		}, true
	case gojq.OpAlt:
		return func(in *input, v any) (any, bool) {
			value, ok := left(in, v)
			if !ok {
				return nil, false // jq takes the right side of an error; that is rare enough
			}
			if value != nil && value != false {
				return value, true
			}
			return right(in, v)
		}, true
	case gojq.OpAdd:
		return func(in *input, v any) (any, bool) {
			a, ok := left(in, v)
			if !ok {
				return nil, false
			}
			b, ok := right(in, v)
			if !ok {
				return nil, false
			}
			return add(a, b)
		}, true
	default:
		return nil, false
	}
}

// add is jq's + for texts; null is neutral.
func add(a, b any) (any, bool) {
	if a == nil {
		return b, true
	}
	if b == nil {
		return a, true
	}
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	return x + y, ok1 && ok2
}

func (f functions) term(t *gojq.Term) (fastFunc, bool) {
	var head fastFunc
	ok := true
	switch t.Type {
	case gojq.TermTypeIdentity:
		head = func(_ *input, v any) (any, bool) { return v, true }
	case gojq.TermTypeIndex:
		head, ok = index(t.Index)
	case gojq.TermTypeNull:
		head = constant(nil)
	case gojq.TermTypeTrue:
		head = constant(true)
	case gojq.TermTypeFalse:
		head = constant(false)
	case gojq.TermTypeString:
		if t.Str.Queries != nil {
			return nil, false
		}
		head = constant(t.Str.Str)
	case gojq.TermTypeArray:
		if t.Array.Query != nil {
			return nil, false
		}
		head = constant([]any{})
	case gojq.TermTypeObject:
		if len(t.Object.KeyVals) > 0 {
			return nil, false
		}
		head = constant(map[string]any{})
	case gojq.TermTypeQuery:
		head, ok = f.compile(t.Query)
	case gojq.TermTypeFunc:
		head, ok = f.call(t.Func)
	default:
		return nil, false
	}
	if !ok {
		return nil, false
	}
	return suffixes(head, t.SuffixList)
}

func constant(value any) fastFunc { return func(*input, any) (any, bool) { return value, true } }

// suffixes follows a term by further steps of a path.
func suffixes(head fastFunc, list []*gojq.Suffix) (fastFunc, bool) {
	for _, s := range list {
		if s.Index == nil || s.Iter || s.Optional {
			return nil, false
		}
		step, ok := index(s.Index)
		if !ok {
			return nil, false
		}
		before := head
		head = func(in *input, v any) (any, bool) {
			v, ok := before(in, v)
			if !ok {
				return nil, false
			}
			return step(in, v)
		}
	}
	return head, true
}

// index is one step of a path by a name.
func index(i *gojq.Index) (fastFunc, bool) {
	key := i.Name
	switch {
	case i.IsSlice, i.End != nil:
		return nil, false
	case i.Start != nil:
		var ok bool
		if key, ok = literal(i.Start); !ok {
			return nil, false
		}
	case i.Str != nil:
		if i.Str.Queries != nil {
			return nil, false
		}
		key = i.Str.Str
	}
	return func(_ *input, v any) (any, bool) { return member(v, key) }, true
}

// member is jq's .key: null of null, an error of anything but an object.
func member(v any, key string) (any, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case *entity.Object:
		value, _ := v.Get(key)
		return value, true
	default:
		return nil, false
	}
}
