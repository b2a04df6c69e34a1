package rely

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// state is what outlives a process: blueprints and entities, without history, tasks and tokens.
type state struct {
	Blueprints []storedBlueprint `json:"blueprints"`
	Entities   []storedEntity    `json:"entities"`
}

type storedBlueprint struct {
	Document     document `json:"document"`
	UserEditable bool     `json:"userEditable"`
}

type storedEntity struct {
	view
	Created int64 `json:"created"`
	Updated int64 `json:"updated"`
	Version int   `json:"version"`
}

// Load takes blueprints and entities from a file of Keep, in place of all that are there. Without the file nothing
// changes.
func (s *Server) Load(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load the simulator's state: %w", err)
	}
	var kept state
	if err := json.Unmarshal(text, &kept); err != nil {
		return fmt.Errorf("load the simulator's state: %s: %w; remove the file to begin anew", path, err)
	}
	blueprints, entities := map[string]*blueprint{}, newCatalog()
	for _, stored := range kept.Blueprints {
		b, problems := compile(stored.Document, nil, nil)
		if len(problems) > 0 {
			return fmt.Errorf("load the simulator's state: %s: a blueprint: %s; remove the file to begin anew", path, problems[0].Msg)
		}
		b.userEditable = stored.UserEditable
		blueprints[b.id] = b
	}
	for _, e := range kept.Entities {
		entities.byID[e.ID] = &entity{
			id: e.ID, blueprint: e.BlueprintID, title: e.Title, description: e.Description,
			hidden: e.IsHidden, inactive: !e.IsActive, properties: e.Properties, relations: e.Relations, sources: e.Sources,
			created: e.Created, updated: e.Updated, createdBy: e.CreatedBy, updatedBy: e.UpdatedBy, version: e.Version,
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blueprints, s.entities = blueprints, entities
	return nil
}

// Keep writes blueprints and entities to a file, within a second of every request and once more when the context ends,
// so that what an exporter believes to have sent is still there after a restart.
func (s *Server) Keep(ctx context.Context, path string) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	saved := -1
	for {
		if n := s.Stats().Requests; n != saved {
			if err := s.save(path); err != nil {
				return fmt.Errorf("keep the simulator's state: %w", err)
			}
			saved = n
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return s.save(path)
		}
	}
}

func (s *Server) save(path string) error {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false) // values are kept as they were sent
	if err := out.Encode(s.kept()); err != nil {
		return err
	}
	if err := os.WriteFile(path+".part", text.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

// kept is what there is to keep now.
func (s *Server) kept() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.clock.at(s.options.Now()))
	var kept state
	for _, b := range s.blueprints {
		kept.Blueprints = append(kept.Blueprints, storedBlueprint{b.doc, b.userEditable})
	}
	for _, id := range s.entities.ids() {
		e := s.entities.byID[id]
		kept.Entities = append(kept.Entities, storedEntity{e.view(true), e.created, e.updated, e.version})
	}
	return kept
}
