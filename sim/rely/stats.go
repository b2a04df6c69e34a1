package rely

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"strconv"
)

// Stats are counts since the start or the last Reset.
type Stats struct {
	Requests int `json:"requests"`
	// Endpoints counts answers by "METHOD /path/{id}" and status; "0" is a connection that was cut.
	Endpoints map[string]map[string]int `json:"endpoints"`
	// Writes counts requests that were meant to change something.
	Writes int `json:"writes"`
	// Violations counts unknown paths and methods; UnknownFields those that entities and parameters do not have.
	Violations    int            `json:"violations"`
	UnknownFields map[string]int `json:"unknownFields"`
	// Early counts requests that came before the end of a wait that they had been asked for.
	Early       int `json:"early"`
	Limited     int `json:"limited"`
	Bytes       int `json:"bytes"`
	WireBytes   int `json:"wireBytes"`
	MaxBytes    int `json:"maxBytes"`
	InFlight    int `json:"inFlight"`
	MaxInFlight int `json:"maxInFlight"`
	// DuplicatePayloads counts payloads that had been accepted before, DuplicateWrites the entities in them.
	DuplicatePayloads int        `json:"duplicatePayloads"`
	DuplicateWrites   int        `json:"duplicateWrites"`
	Entities          Operations `json:"entities"`
	// Stored and OpenTasks are how many there are now.
	Stored    int            `json:"stored"`
	OpenTasks int            `json:"openTasks"`
	Faults    map[string]int `json:"faults"`
}

// Operations counts what became of entities.
type Operations struct {
	Accepted int `json:"accepted"`
	Created  int `json:"created"`
	Updated  int `json:"updated"`
	Noop     int `json:"noop"`
	Deleted  int `json:"deleted"`
	// Dropped counts properties that no blueprint knows.
	Dropped int `json:"dropped"`
}

// stats are Stats in the making.
type stats struct {
	Stats
	payloads map[[sha256.Size]byte]bool
}

// keptPayloads bounds the memory of payloads; beyond it, none are remembered.
const keptPayloads = 200_000

func newStats() stats {
	return stats{
		Stats:    Stats{Endpoints: map[string]map[string]int{}, UnknownFields: map[string]int{}, Faults: map[string]int{}},
		payloads: map[[sha256.Size]byte]bool{},
	}
}

// arrive counts a request in.
func (s *stats) arrive() {
	s.InFlight++
	s.MaxInFlight = max(s.MaxInFlight, s.InFlight)
}

func (s *stats) record(endpoint string, r *Request) {
	s.InFlight--
	s.Requests++
	s.Bytes += r.Bytes
	s.WireBytes += r.WireBytes
	s.MaxBytes = max(s.MaxBytes, r.Bytes)
	if s.Endpoints[endpoint] == nil {
		s.Endpoints[endpoint] = map[string]int{}
	}
	status := r.Status
	if r.Aborted {
		status = 0
	}
	s.Endpoints[endpoint][strconv.Itoa(status)]++
	if r.Method != "GET" {
		s.Writes++
	}
	if r.Fault != "" {
		s.Faults[r.Fault]++
	}
	if r.Verdict == "violation" {
		s.Violations++
	}
	if r.Verdict == "limited" {
		s.Limited++
	}
	if r.Early {
		s.Early++
	}
}

// payload counts an accepted one.
func (s *stats) payload(doc document, entities int) {
	s.Entities.Accepted += entities
	sum := sha256.Sum256([]byte(doc))
	if s.payloads[sum] {
		s.DuplicatePayloads++
		s.DuplicateWrites += entities
	} else if len(s.payloads) < keptPayloads {
		s.payloads[sum] = true
	}
}

// unknown counts fields that the API is not known to have.
func (s *stats) unknown(fields []string) {
	for _, f := range fields {
		if s.UnknownFields[f] > 0 || len(s.UnknownFields) < 100 {
			s.UnknownFields[f]++
		}
	}
}

// Stats returns the counts.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.clock.at(s.options.Now()))
	return s.snapshot()
}

func (s *Server) snapshot() Stats {
	out := s.stats.Stats
	out.Endpoints = map[string]map[string]int{}
	for endpoint, counts := range s.stats.Endpoints {
		out.Endpoints[endpoint] = maps.Clone(counts)
	}
	out.UnknownFields, out.Faults = maps.Clone(out.UnknownFields), maps.Clone(out.Faults)
	out.Stored, out.OpenTasks = len(s.entities.byID), len(s.tasks.open)
	return out
}

// Digest is equal for two catalogs of equal documents: hex SHA-256 over the entities' documents ordered by id, joined by
// "\n". A document is `{"blueprintId","description","id","properties","relations","title"}` in canonical form.
func (s *Server) Digest() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.clock.at(s.options.Now()))
	return s.digest()
}

func (s *Server) digest() string {
	h := sha256.New()
	for i, id := range s.entities.ids() {
		if i > 0 {
			put(h, "\n")
		}
		e := s.entities.byID[id]
		put(h, `{"blueprintId":`, quote(e.blueprint), `,"description":`, quote(e.description), `,"id":`, quote(e.id),
			`,"properties":`, e.properties, `,"relations":`, e.relations, `,"title":`, quote(e.title), `}`)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func put(h hash.Hash, parts ...document) {
	for _, p := range parts {
		_, _ = io.WriteString(h, string(p))
	}
}
