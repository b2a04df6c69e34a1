package rely

import (
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/rely"
)

// Tuned is a plugin whose parts a test has changed.
func Tuned(tune func(*rely.Options, *export.Options)) *Plugin {
	p := New()
	p.tune = tune
	return p
}
