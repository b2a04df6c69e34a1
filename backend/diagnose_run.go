package backend

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

// checkTimeout bounds a whole self-check.
const checkTimeout = 60 * time.Second

// checkups runs self-checks, one at a time, and remembers the latest.
type checkups struct {
	flight singleflight.Group

	mu   sync.Mutex // guards last
	last host.Checkup
}

func (c *checkups) latest() (host.Checkup, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, !c.last.At.IsZero()
}

// run looks at everything, or waits for the check that is under way.
func (c *checkups) run(ctx context.Context, s *server, userToken config.Secret) host.Checkup {
	found, _, _ := c.flight.Do("check", func() (any, error) {
		// Others wait for the result too, and it is remembered: it does not end with the first caller's request.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		began := time.Now()
		result := host.Checkup{At: began, Steps: s.diagnose(ctx, userToken)}
		result.Took = time.Since(began)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.last = result
		return result, nil
	})
	checkup, _ := found.(host.Checkup)
	return checkup
}

// diagnose takes all steps.
func (s *server) diagnose(ctx context.Context, _ config.Secret) []host.Step {
	var steps []host.Step
	for _, h := range s.hosted {
		if checker, ok := h.plugin.(host.SelfChecker); ok {
			steps = append(steps, checker.SelfCheck(ctx)...)
		}
	}
	return steps
}
