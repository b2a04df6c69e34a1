package entity

import "strings"

// Projection is the list of fields to which answers are cut down (catalog.md 4.3). A nil Projection leaves them whole.
type Projection struct{ fields [][]string }

// ParseProjection reads the fields parameters, each a list separated by commas. It returns nil when they hold no field.
// The error is a *SyntaxError.
func ParseProjection(fields []string) (*Projection, error) {
	var names []string
	seen := map[string]bool{}
	for _, list := range fields {
		for field := range strings.SplitSeq(list, ",") {
			field = trim(field)
			if field == "" || seen[field] {
				continue
			}
			if strings.Contains(field, "[") {
				return nil, inputError(`Invalid field "` + field + `", array type fields are not supported`)
			}
			names, seen[field] = append(names, field), true
		}
	}
	if names == nil {
		return nil, nil
	}
	p := &Projection{fields: make([][]string, len(names))}
	for i, name := range names {
		p.fields[i] = strings.Split(name, ".")
	}
	return p, nil
}

// Apply returns the fields of v, in the order in which they were asked for; what v does not have is left out. The result
// shares its values with v, so neither may be changed afterwards. Nil stays nil.
func (p *Projection) Apply(v *Object) *Object {
	if p == nil || v == nil {
		return v
	}
	out := NewObject()
	for _, segments := range p.fields {
		if path, value, ok := lookUp(v, segments); ok {
			put(out, v, path, value)
		}
	}
	return out
}

// lookUp follows a dotted path. A segment that is no key is glued to the next one, so that keys with dots are found;
// a shorter key hides a longer one.
func lookUp(v *Object, segments []string) (path []string, value any, ok bool) {
	var current any = v
	glued, pending := "", false
	for i, segment := range segments {
		if pending {
			segment = glued + "." + segment
		}
		o, _ := current.(*Object)
		next, found := o.Get(segment)
		switch {
		case found:
			path, current, pending = append(path, segment), next, false
		case i == len(segments)-1:
			return nil, nil, false
		default:
			glued, pending = segment, true
		}
	}
	return path, current, true
}

// put sets the value at path. Where an earlier field has already put a whole object of v there, the value is in it.
func put(out, v *Object, path []string, value any) {
	for i, key := range path[:len(path)-1] {
		v, _ = v.Path(key).(*Object)
		child, ok := out.Path(key).(*Object)
		if ok && child == v {
			return
		}
		if !ok {
			child = NewObject()
			out.Set(path[i], child)
		}
		out = child
	}
	out.Set(path[len(path)-1], value)
}
