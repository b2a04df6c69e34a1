package ledgertest

import (
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/postgresql"
	"github.com/understudy-portal/understudy/catalog/internal/ledger/sqlite"
	"github.com/understudy-portal/understudy/host/database"
)

// Open returns the store of the database's engine, for as long as the test lasts.
func Open(t testing.TB, db *database.Database) ledger.Store {
	t.Helper()
	if db.Engine() == database.PostgreSQL {
		s, err := postgresql.Open(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
