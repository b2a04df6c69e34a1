package backend

import (
	"context"

	"github.com/understudy-portal/understudy/host/gateway"
)

// openGateway passes on what other backends host, if the configuration says so. What it returns lets go of the connections
// to them.
func (s *server) openGateway() (stop func(context.Context) error, err error) {
	if !s.settings.gateway.Enabled {
		return func(context.Context) error { return nil }, nil
	}
	g, err := gateway.New(gateway.Options{Discovery: s.settings.discovery, Log: s.log.With("service", "gateway"), Metrics: s.metrics})
	if err != nil {
		return nil, err
	}
	s.router.PassOn(g)
	return func(context.Context) error { g.Close(); return nil }, nil
}
