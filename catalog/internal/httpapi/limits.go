package httpapi

import (
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// What a request may ask for at once. A body of bodyLimit has room for far more, and each of these costs a look at every
// entity; upstream's bodies of 100 KiB have not. Values are cheap, and users in thousands of groups need many.
const (
	maxFacets     = 100
	maxFields     = 1_000
	maxConditions = 10_000
	maxValues     = 100_000
	maxRefs       = 20_000 // the official client asks for 1,000 at a time
)

// limited refuses a predicate that is too large to be evaluated for one caller.
func limited(p entity.Predicate) (entity.Predicate, error) {
	var s size
	s.add(p)
	switch {
	case s.conditions > maxConditions:
		return nil, fault.Input("Invalid query: more than %d conditions", maxConditions)
	case s.values > maxValues:
		return nil, fault.Input("Invalid query: more than %d values", maxValues)
	}
	return p, nil
}

// size is that of a predicate: its nodes, groups included, and the values that they name.
type size struct{ conditions, values int }

func (s *size) add(p entity.Predicate) {
	if p == nil {
		return
	}
	s.conditions++
	switch p := p.(type) {
	case entity.All:
		s.addAll(p.Of)
	case entity.Any:
		s.addAll(p.Of)
	case entity.Not:
		s.add(p.Of)
	case entity.Equal:
		s.values += len(p.Values)
	case entity.RelationContains:
		s.values += len(p.Targets)
	}
}

func (s *size) addAll(parts []entity.Predicate) {
	for _, p := range parts {
		s.add(p)
	}
}

// limitedFields refuses more than maxFields names of fields to search, sort by or cut entities down to.
func limitedFields(what string, fields int) error {
	if fields > maxFields {
		return fault.Input("Invalid %s: more than %d fields", what, maxFields)
	}
	return nil
}

// distinct returns the texts without repetitions, in their order.
func distinct(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	kept := make([]string, 0, len(texts))
	for _, t := range texts {
		if !seen[t] {
			seen[t] = true
			kept = append(kept, t)
		}
	}
	return kept
}
