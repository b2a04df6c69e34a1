package mapping

import (
	"slices"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/understudy-portal/understudy/entity"
)

// functions are those that are known in Go, by name and number of arguments. Arguments are texts that are written out.
type functions map[string]func(args []string) fastFunc

// nativeFunctions are jq's own that mappings need, the variables, and the prelude's; rid is what makes an id of a ref.
func nativeFunctions(rid func(string) string) functions {
	f := functions{
		"ascii_downcase/0": plain(func(s string) (any, bool) { return lower(s), true }),
		"tojson/0":         func([]string) fastFunc { return tojson },
		"rid/0":            plain(func(s string) (any, bool) { return rid(s), true }),
		"ref/0":            func([]string) fastFunc { return ref },
		"urls/0":           func([]string) fastFunc { return urls },
		"src/0":            func([]string) fastFunc { return src },
		"rel/2": func(args []string) fastFunc {
			prefix := args[1] + ":"
			return func(_ *input, v any) (any, bool) {
				list, ok := related(v, args[0], prefix, rid)
				return list, ok
			}
		},
		"one/2": func(args []string) fastFunc {
			prefix := args[1] + ":"
			return func(_ *input, v any) (any, bool) {
				// All are looked at, since a broken one behind the first is jq's error too.
				list, ok := related(v, args[0], prefix, rid)
				if !ok || len(list) == 0 {
					return nil, ok
				}
				return list[0], true
			}
		},
	}
	for i, name := range variables() {
		f[name+"/0"] = func([]string) fastFunc {
			return func(in *input, _ any) (any, bool) { return in.variable(i), true }
		}
	}
	return f
}

// without removes what a prelude defines anew.
func (f functions) without(names ...string) {
	for key := range f {
		name, _, _ := strings.Cut(key, "/")
		if slices.Contains(names, name) {
			delete(f, key)
		}
	}
}

func (f functions) call(fn *gojq.Func) (fastFunc, bool) {
	if len(fn.Args) > 9 {
		return nil, false
	}
	known, ok := f[fn.Name+"/"+string(rune('0'+len(fn.Args)))]
	if !ok {
		return nil, false
	}
	var args []string
	for _, q := range fn.Args {
		text, ok := literal(q)
		if !ok {
			return nil, false
		}
		args = append(args, text)
	}
	return known(args), true
}

// literal is a query that is nothing but a text.
func literal(q *gojq.Query) (string, bool) {
	if q.Term == nil || q.Term.Type != gojq.TermTypeString || q.Term.Str.Queries != nil || len(q.Term.SuffixList) > 0 || len(q.FuncDefs) > 0 {
		return "", false
	}
	return q.Term.Str.Str, true
}

func plain(f func(string) (any, bool)) func([]string) fastFunc {
	return func([]string) fastFunc {
		return func(_ *input, v any) (any, bool) {
			s, ok := v.(string)
			if !ok {
				return nil, false
			}
			return f(s)
		}
	}
}

// lower is ascii_downcase.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// nameID is the id of an entity ref by the strategy "name": what follows its first slash.
func nameID(s string) string {
	if _, name, ok := strings.Cut(s, "/"); ok {
		s = name
	}
	return lower(s)
}

// refID is the id of an entity ref: its first colon and its first slash become dots.
func refID(s string) string {
	b := []byte(s)
	colon, slash := false, false
	for i, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case c == ':' && !colon:
			b[i], colon = '.', true
		case c == '/' && !slash:
			b[i], slash = '.', true
		}
	}
	return string(b)
}

func ref(_ *input, v any) (any, bool) {
	o, ok := v.(*entity.Object)
	if !ok {
		return nil, false
	}
	kind, _ := o.Get("kind")
	metadata, _ := o.Get("metadata")
	m, ok := metadata.(*entity.Object)
	if !ok {
		return nil, false
	}
	name, _ := m.Get("name")
	namespace, _ := m.Get("namespace")
	if namespace == nil || namespace == false {
		namespace = entity.DefaultNamespace
	}
	k, ok1 := kind.(string)
	ns, ok2 := namespace.(string)
	n, ok3 := name.(string)
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	return lower(k + ":" + ns + "/" + n), true
}

func isWeb(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") }

func urls(_ *input, v any) (any, bool) {
	o, ok := v.(*entity.Object)
	if !ok {
		return nil, false
	}
	out := []any{}
	metadata, ok := member(v, "metadata")
	if o == nil || !ok {
		return nil, false
	}
	links, ok := member(metadata, "links")
	if !ok {
		return nil, false
	}
	items, isList := links.([]any)
	if !isList && links != nil {
		return nil, false
	}
	for _, item := range items {
		u, ok := member(item, "url")
		s, isText := u.(string)
		if !ok || !isText {
			return nil, false
		}
		if isWeb(s) {
			out = append(out, s)
		}
	}
	return out, true
}

func src(_ *input, v any) (any, bool) {
	for _, key := range []string{"metadata", "annotations", entity.AnnotationSourceLocation} {
		var ok bool
		if v, ok = member(v, key); !ok {
			return nil, false
		}
	}
	if v == nil || v == false {
		return nil, true
	}
	s, ok := v.(string)
	if !ok {
		return nil, false
	}
	if s = strings.TrimPrefix(s, "url:"); !isWeb(s) {
		return nil, true
	}
	return s, true
}

// related lists the ids that relations of a type lead to, of one kind.
func related(v any, kind, prefix string, rid func(string) string) ([]any, bool) {
	relations, ok := member(v, "relations")
	if !ok {
		return nil, false
	}
	items, isList := relations.([]any)
	if !isList && relations != nil {
		return nil, false
	}
	out := []any{}
	for _, item := range items {
		t, ok := member(item, "type")
		if !ok {
			return nil, false
		}
		if t != kind {
			continue
		}
		target, ok := member(item, "targetRef")
		s, isText := target.(string)
		if !ok || !isText {
			return nil, false
		}
		if hasPrefixFold(s, prefix) {
			out = append(out, rid(s))
		}
	}
	return out, true
}

// hasPrefixFold reports whether s begins with prefix once s is in lower case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && lower(s[:len(prefix)]) == prefix
}

func tojson(_ *input, v any) (any, bool) {
	text, err := gojq.Marshal(toJQ(v))
	if err != nil {
		return nil, false
	}
	return string(text), true
}
