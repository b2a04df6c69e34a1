package ledgertest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/catalog/internal/ledger/ledgertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStores(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t)
}
