package schedule

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(asHolder) != "" {
		holdForEver()
	}
	goleak.VerifyTestMain(m)
}
