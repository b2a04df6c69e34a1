package ingest

import (
	"context"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
)

// Names of the built-in providers, under which Backstage knows them too (catalog.md 7.2).
const (
	configProviderName = "ConfigLocationProvider"
	// LocationStoreName is the provider of registered locations.
	LocationStoreName = "DefaultLocationStore"
)

// ConfigLocations provides the locations of catalog.locations. Their targets are absolute.
type ConfigLocations struct{ Locations []entity.LocationRef }

// Name is the provider's stable name.
func (*ConfigLocations) Name() string { return configProviderName }

// Connect applies the configured locations: those that are gone from the configuration are removed.
func (p *ConfigLocations) Connect(ctx context.Context, c Connection) error {
	m := Mutation{Full: true}
	for _, l := range p.Locations {
		m.Entities = append(m.Entities, locationEntity(l))
	}
	return c.Apply(ctx, m)
}

// LocationStore provides the registered locations.
type LocationStore struct{ Ledger *ledger.Ledger }

// Name is the provider's stable name.
func (*LocationStore) Name() string { return LocationStoreName }

// Connect applies all registered locations: an entity that was deleted beside its location returns (catalog.md 5.5).
func (p *LocationStore) Connect(ctx context.Context, c Connection) error {
	locations, err := p.Ledger.Locations(ctx)
	if err != nil {
		return err
	}
	m := Mutation{Full: true}
	for _, l := range locations {
		d := locationEntity(entity.LocationRef{Type: l.Type, Target: l.Target})
		// A location that was moved to another target keeps its entity's name (catalog.md 5.8).
		if ref, err := entity.ParseRef(l.EntityRef, entity.RefDefaults{}); err == nil {
			d.Entity.Metadata().Set("name", ref.Name)
		}
		m.Entities = append(m.Entities, d)
	}
	return c.Apply(ctx, m)
}

// Register stores a location; one that is there already is a ConflictError.
func (p *LocationStore) Register(ctx context.Context, l entity.LocationRef) (ledger.Location, error) {
	child, err := NewChild(locationEntity(l))
	if err != nil {
		return ledger.Location{}, err
	}
	stored, _, err := p.Ledger.Register(ctx, LocationStoreName, ledger.Location{Type: l.Type, Target: l.Target}, child)
	return stored, err
}

// Unregister deletes a location and everything that only it leads to.
func (p *LocationStore) Unregister(ctx context.Context, id string) error {
	_, err := p.Ledger.Unregister(ctx, LocationStoreName, id)
	return err
}

func locationEntity(l entity.LocationRef) Deferred {
	return Deferred{Entity: generated(entity.GeneratedLocation{Location: l}), LocationKey: l.String()}
}

// generated builds a Location entity without a namespace, as Backstage stores it: the policy step writes the default one
// in front of everything, and that order shows on the wire. Only a dry run shows it with the namespace at the end.
func generated(g entity.GeneratedLocation) entity.Entity {
	e := g.Entity()
	e.Metadata().Delete("namespace")
	return e
}

var (
	_ Provider = (*ConfigLocations)(nil)
	_ Provider = (*LocationStore)(nil)
)
