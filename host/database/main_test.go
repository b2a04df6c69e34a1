package database_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/host/database"
)

// asProcess makes the test binary a second process that migrates the store named by the two variables.
const asProcess, processStore = "DATABASE_TEST_AS_PROCESS", "DATABASE_TEST_STORE"

func TestMain(m *testing.M) {
	if engine := os.Getenv(asProcess); engine != "" {
		if err := migrateAsProcess(database.Engine(engine), os.Getenv(processStore)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
