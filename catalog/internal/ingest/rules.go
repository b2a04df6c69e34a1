package ingest

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/understudy-portal/understudy/entity"
)

// Rule allows kinds of entities, everywhere or at some locations (catalog.md 7.7).
type Rule struct {
	Allow []KindRule
	// Locations limits the rule; nil means everywhere, empty nowhere.
	Locations []LocationRule
}

// KindRule matches a kind, and a spec.type unless that is empty. Both ignore case.
type KindRule struct{ Kind, SpecType string }

// LocationRule matches a location's type and, unless both are empty, its target: Exact as it is, Pattern as a glob
// without regard to case.
type LocationRule struct{ Type, Exact, Pattern string }

// DefaultRules hold where catalog.rules says nothing.
func DefaultRules() []Rule {
	return []Rule{{Allow: []KindRule{{Kind: "Component"}, {Kind: "API"}, {Kind: "Location"}}}}
}

// Rules decide which kinds a location may bring in.
type Rules []Rule

// Allows reports whether an entity of that kind and spec.type may originate from a location.
func (rs Rules) Allows(kind, specType string, origin entity.LocationRef) bool {
	for _, r := range rs {
		if r.matchesKind(kind, specType) && r.matchesLocation(origin) {
			return true
		}
	}
	return false
}

func (r Rule) matchesKind(kind, specType string) bool {
	for _, k := range r.Allow {
		if strings.EqualFold(k.Kind, kind) && (k.SpecType == "" || strings.EqualFold(k.SpecType, specType)) {
			return true
		}
	}
	return false
}

func (r Rule) matchesLocation(origin entity.LocationRef) bool {
	if r.Locations == nil {
		return true
	}
	for _, l := range r.Locations {
		if l.Type != origin.Type || l.Exact != "" && l.Exact != origin.Target {
			continue
		}
		if l.Pattern == "" {
			return true
		}
		if ok, err := doublestar.Match(strings.ToLower(l.Pattern), strings.ToLower(origin.Target)); ok && err == nil {
			return true
		}
	}
	return false
}
