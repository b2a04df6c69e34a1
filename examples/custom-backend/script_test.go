package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets scripts run this program as the command `custom-backend`.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"custom-backend": main})
}

// TestScripts runs testdata/script: mistakes in the configuration of a plugin of one's own.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireUniqueNames: true})
}
