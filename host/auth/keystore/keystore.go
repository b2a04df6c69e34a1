package keystore

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/database"
)

// The purposes of keys.
const (
	// Service is for the keys with which a plugin signs its calls to other plugins.
	Service = "service"
	// User is for the keys with which the auth plugin signs user tokens.
	User = "user"
)

//go:embed migrations
var migrations embed.FS

// row is one key as both databases store it.
type row struct {
	kid, purpose, jwk  string
	createdAt, expires int64
}

// queries are what a database has to answer.
type queries interface {
	insert(ctx context.Context, r row) error
	live(ctx context.Context, purpose string, now int64) (jwks []string, stale bool, err error)
	prune(ctx context.Context, now int64) error
}

// store is a keys.Store over one of the databases.
type store struct {
	queries queries
	purpose string
	now     func() time.Time
}

// Open migrates the table and returns the keys of one purpose. The caller keeps the database, and closes it.
func Open(ctx context.Context, db *database.Database, purpose string) (keys.Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open key store: %w", err)
	}
	if err := db.Migrate(ctx, "keys", files); err != nil {
		return nil, fmt.Errorf("open key store: %w", err)
	}
	s := &store{purpose: purpose, now: time.Now}
	switch db.Engine() {
	case database.SQLite:
		s.queries = sqlite{reader: db.Reader(), writer: db.Writer()}
	case database.PostgreSQL:
		s.queries = postgresql{pool: db.Pool()}
	default:
		return nil, fmt.Errorf("open key store: unknown database engine %q", db.Engine())
	}
	return s, nil
}

// Add stores the key.
func (s *store) Add(ctx context.Context, key keys.Public, expires time.Time) error {
	jwk, err := json.Marshal(key)
	if err != nil {
		return err
	}
	return s.queries.insert(ctx, row{
		kid: key.ID, purpose: s.purpose, jwk: string(jwk),
		createdAt: s.now().UnixMilli(), expires: expires.UnixMilli(),
	})
}

// List returns the keys of the purpose, oldest first. It writes only when there is something to remove, because the
// listing is open to anybody.
func (s *store) List(ctx context.Context, now time.Time) (keys.Set, error) {
	jwks, stale, err := s.queries.live(ctx, s.purpose, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	if stale {
		if err := s.queries.prune(ctx, now.UnixMilli()); err != nil {
			return nil, err
		}
	}
	var set keys.Set
	for _, jwk := range jwks {
		key, err := keys.ParsePublic([]byte(jwk))
		if err != nil {
			return nil, fmt.Errorf("read stored key: %w", err)
		}
		set = append(set, key)
	}
	return set, nil
}

var _ keys.Store = (*store)(nil)
