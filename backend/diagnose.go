package backend

import (
	"context"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

// SelfCheck looks at everything that the server depends on.
func (y system) SelfCheck(ctx context.Context, userToken config.Secret) host.Checkup {
	return y.s.checkups.run(ctx, y.s, userToken)
}

// LastCheck is what the latest self-check found.
func (y system) LastCheck() (host.Checkup, bool) { return y.s.checkups.latest() }
