package ingest

import (
	"context"
	"crypto/sha1" //nolint:gosec // tells contents apart; nothing is secured by it
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// maxRef bounds refs, in bytes: databases index them.
const maxRef = 1000

// Provider hands entities to the catalog (catalog.md 7.2).
type Provider interface {
	// Name is stable and unique: what a provider owns is remembered under it.
	Name() string
	// Connect is called once, at start, before anything is served. It keeps the connection for later, and may apply its
	// first mutation; it must not wait for slow sources.
	Connect(ctx context.Context, c Connection) error
}

// ProviderRunner is a provider with work of its own. Run blocks until ctx ends; its error stops the catalog.
type ProviderRunner interface {
	Provider
	Run(ctx context.Context) error
}

// Connection is how a provider changes what it owns. It is safe for concurrent use.
type Connection interface {
	// Apply carries out a mutation in one transaction. One entity with a malformed envelope refuses the whole.
	Apply(ctx context.Context, m Mutation) error
	// Refresh processes those entities again that depend on any of these refresh keys.
	Refresh(ctx context.Context, keys []string) error
}

// Mutation is what a provider wants changed.
type Mutation struct {
	// Full makes Entities the whole of what the provider owns: what is not among them is removed.
	Full bool
	// Entities are added or updated; of two with the same ref the last counts.
	Entities []Deferred
	// Removed are canonical refs to remove; only for mutations that are not full.
	Removed []string
}

// Deferred is an entity to be processed later.
type Deferred struct {
	Entity entity.Entity
	// LocationKey says who may write the entity (catalog.md 7.3); empty for anybody.
	LocationKey string
}

// connection is the Connection of one provider.
type connection struct {
	name   string
	ledger *ledger.Ledger
}

// Connect returns the connection of the provider with the given name.
func Connect(name string, l *ledger.Ledger) Connection { return &connection{name: name, ledger: l} }

func (c *connection) Apply(ctx context.Context, m Mutation) error {
	children := make([]ledger.Child, 0, len(m.Entities))
	for _, d := range m.Entities {
		child, err := NewChild(d)
		if err != nil {
			return fault.Input("Malformed entity envelope, %v", err).CausedBy(cause(err))
		}
		children = append(children, child)
	}
	_, err := c.ledger.Apply(ctx, ledger.Mutation{Provider: c.name, Full: m.Full, Added: children, Removed: m.Removed})
	return err
}

func (c *connection) Refresh(ctx context.Context, keys []string) error {
	stored := make([]string, len(keys))
	for i, k := range keys {
		stored[i] = refreshKey(k)
	}
	return c.ledger.Refresh(ctx, stored)
}

// NewChild checks the envelope of an entity and makes it ready for the ledger.
func NewChild(d Deferred) (ledger.Child, error) {
	if err := entity.ValidateEnvelope(d.Entity); err != nil {
		return ledger.Child{}, err
	}
	ref := d.Entity.Ref().String()
	if err := storable(ref); err != nil {
		return ledger.Child{}, err
	}
	body := entity.AppendJSON(nil, d.Entity.Object)
	return ledger.Child{Ref: ref, Body: body, Hash: contentHash(body), LocationKey: d.LocationKey}, nil
}

// storable refuses refs that no database can index.
func storable(ref string) error {
	switch {
	case len(ref) > maxRef:
		return fault.Input("the entity reference %.60q… is longer than %d bytes", ref, maxRef)
	case strings.ContainsRune(ref, 0), !utf8.ValidString(ref):
		return fault.Input("the entity reference %q contains characters that cannot be stored", ref)
	}
	return nil
}

func contentHash(data []byte) string {
	sum := sha1.Sum(data) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}
