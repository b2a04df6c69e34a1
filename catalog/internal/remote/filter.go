package remote

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/entity"
)

// verbsFresh is how long it is remembered that a peer cannot take a predicate: it may be upgraded.
const verbsFresh = 10 * time.Minute

// verbs remembers which predicates a peer does not take: the one under "" stands for all of them.
type verbs struct {
	now func() time.Time

	mu      sync.Mutex // guards refused
	refused map[string]time.Time
}

// takes reports whether a predicate may be sent.
func (v *verbs) takes(predicate string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, key := range []string{"", predicate} {
		if at, ok := v.refused[key]; ok && v.now().Sub(at) < verbsFresh {
			return false
		}
	}
	return true
}

// refuse notes that a predicate, or any, is not taken.
func (v *verbs) refuse(predicate string) {
	const most = 100
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.refused) >= most {
		clear(v.refused)
	}
	v.refused[predicate] = v.now()
}

// maxSets and maxFilter bound a filter; what is longer is left to us.
const (
	maxSets   = 20
	maxFilter = 4 << 10
)

// conditions are those of one set of a filter: a key with its values, none for existence.
type conditions struct {
	keys   []string
	values map[string][]string
}

// filterSets writes a predicate as filter parameters (catalog.md 4.1), as narrow as that language allows: everything that
// the predicate selects is among what they select. No sets select everything.
func filterSets(p entity.Predicate) []string {
	alternatives, ok := widen(p)
	if !ok {
		return nil
	}
	var sets []string
	length := 0
	for _, c := range alternatives {
		set := c.String()
		if set == "" {
			return nil
		}
		sets, length = append(sets, set), length+len(set)
	}
	if len(sets) == 0 || len(sets) > maxSets || length > maxFilter {
		return nil
	}
	return sets
}

// widen returns alternatives that together select no less than the predicate; false where nothing narrower than
// everything can be said.
func widen(p entity.Predicate) ([]conditions, bool) {
	switch p := p.(type) {
	case entity.Equal:
		return condition(p.Key, p.Values, len(p.Values) > 0)
	case entity.Exists:
		if p.Absent {
			return nil, false
		}
		return condition(p.Key, nil, false)
	case entity.HasPrefix:
		return condition(p.Key, nil, false)
	case entity.RelationContains:
		return condition(p.RowKey(), p.Targets, len(p.Targets) > 0)
	case entity.Any:
		return widenAny(p)
	case entity.All:
		return widenAll(p)
	default:
		return nil, false
	}
}

// condition is one key. Values that the language cannot hold leave only the key's existence.
func condition(key string, values []string, valued bool) ([]conditions, bool) {
	if key == "" || key != strings.TrimSpace(key) || strings.ContainsAny(key, ",=") {
		return nil, false
	}
	unfit := func(v string) bool { return v != strings.TrimSpace(v) || strings.Contains(v, ",") }
	if valued && slices.ContainsFunc(values, unfit) {
		values = nil
	}
	return []conditions{{keys: []string{key}, values: map[string][]string{key: values}}}, true
}

func widenAny(p entity.Any) ([]conditions, bool) {
	var all []conditions
	for _, part := range p.Of {
		some, ok := widen(part)
		if !ok {
			return nil, false
		}
		all = append(all, some...)
	}
	return all, len(all) > 0
}

// widenAll joins the parts of one alternative each into one set, as far as their keys differ; a part of several
// alternatives is used only if there is nothing else.
func widenAll(p entity.All) ([]conditions, bool) {
	joined := conditions{values: map[string][]string{}}
	var several []conditions
	for _, part := range p.Of {
		some, ok := widen(part)
		switch {
		case !ok:
		case len(some) == 1:
			joined.add(some[0])
		case several == nil || len(some) < len(several):
			several = some
		}
	}
	if len(joined.keys) > 0 {
		return []conditions{joined}, true
	}
	return several, several != nil
}

func (c *conditions) add(other conditions) {
	for _, key := range other.keys {
		if !slices.ContainsFunc(c.keys, func(k string) bool { return entity.Fold(k) == entity.Fold(key) }) {
			c.keys = append(c.keys, key)
			c.values[key] = other.values[key]
		}
	}
}

// String is the set as it is sent.
func (c conditions) String() string {
	var parts []string
	for _, key := range c.keys {
		if len(c.values[key]) == 0 {
			parts = append(parts, key)
		}
		for _, value := range c.values[key] {
			parts = append(parts, key+"="+value)
		}
	}
	return strings.Join(parts, ",")
}
