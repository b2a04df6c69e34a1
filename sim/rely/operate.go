package rely

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// SetLimits replaces the limits.
func (s *Server) SetLimits(l Limits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limits = l
}

// SetTimers replaces the timers; tasks that exist keep theirs.
func (s *Server) SetTimers(t Timers) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timers = t
}

// SetSwitches changes those that are not empty.
func (s *Server) SetSwitches(given Switches) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, err := given.over(s.switches)
	if err == nil {
		s.switches = changed
	}
	return err
}

// Advance moves the clock that tasks live on.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(d)
}

// Entity returns an entity as GET /api/v1/entities/{id} does.
func (s *Server) Entity(id string) (json.RawMessage, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.clock.at(s.options.Now()))
	e, ok := s.entities.byID[id]
	if !ok {
		return nil, false
	}
	return marshal(e.view(true)), true
}

// IDs returns the ids of all entities, in order.
func (s *Server) IDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.clock.at(s.options.Now()))
	return slices.Clone(s.entities.ids())
}

// expectation is what POST /_sim/expect declares.
type expectation struct {
	IDs []string `json:"ids"`
	// Closure asks that relations lead to entities that exist.
	Closure bool `json:"closure"`
}

// Difference is what there is against what is expected; empty lists mean that all is well.
type Difference struct {
	Equal      bool     `json:"equal"`
	Missing    []string `json:"missing"`
	Unexpected []string `json:"unexpected"`
	// Dangling are relations as "id relation target", if the closure was asked for.
	Dangling []string `json:"dangling"`
}

func (s *Server) setExpect(r *http.Request) (any, error) {
	var e expectation
	if err := decodeStrict(r, &e); err != nil {
		return nil, err
	}
	s.expected = e
	return s.difference(), nil
}

// Expect compares the entities with those that there should be; closure asks that relations lead to entities that exist.
func (s *Server) Expect(ids []string, closure bool) Difference {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.clock.at(s.options.Now()))
	s.expected = expectation{IDs: slices.Clone(ids), Closure: closure}
	return s.difference()
}

func (s *Server) difference() Difference {
	d := Difference{Missing: []string{}, Unexpected: []string{}, Dangling: []string{}}
	wanted := map[string]bool{}
	for _, id := range s.expected.IDs {
		if wanted[id] = true; s.entities.byID[id] == nil {
			d.Missing = append(d.Missing, id)
		}
	}
	for _, id := range s.entities.ids() {
		if !wanted[id] {
			d.Unexpected = append(d.Unexpected, id)
		}
		if s.expected.Closure {
			d.Dangling = append(d.Dangling, s.dangling(s.entities.byID[id])...)
		}
	}
	slices.Sort(d.Missing)
	d.Equal = len(d.Missing)+len(d.Unexpected)+len(d.Dangling) == 0
	return d
}

func (s *Server) dangling(e *entity) (out []string) {
	for _, m := range e.relations.members() {
		value, _ := m.value.at("value")
		for _, target := range targets(value) {
			if s.entities.byID[target] == nil {
				out = append(out, e.id+" "+m.key+" "+target)
			}
		}
	}
	return out
}

// decodeKnown reads JSON into v, and refuses fields that v does not have.
func decodeKnown(doc document, v any) error {
	d := json.NewDecoder(strings.NewReader(string(doc)))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// postSeed answers POST /_sim/seed: `{"generation": "kebab"}`, and plugins by id.
func (s *Server) postSeed(r *http.Request) (any, error) {
	var given struct {
		Generation string                     `json:"generation"`
		Plugins    map[string]json.RawMessage `json:"plugins"`
	}
	if err := decodeStrict(r, &given); err != nil {
		return nil, err
	}
	for id, text := range given.Plugins {
		doc, err := canonical(text)
		if err != nil || doc.kind() != '{' {
			return nil, fmt.Errorf("plugin %s is not an object", id)
		}
		s.plugins[id] = object(merged(doc.members(), []member{{key: "id", value: quote(id)}}))
	}
	if given.Generation == "" && len(given.Plugins) == 0 {
		given.Generation = "both"
	}
	if err := s.seed(given.Generation); err != nil {
		return nil, err
	}
	return s.showBlueprints(r)
}
