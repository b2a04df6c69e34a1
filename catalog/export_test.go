package catalog

import "time"

// CheckNames gives tests the check of names without a server.
func CheckNames(p *Plugin) error { return p.checkNames() }

// WithoutPolling leaves it to notifications to carry other replicas' writes.
func WithoutPolling() Option {
	return func(c *Plugin) { c.tailEvery = time.Hour }
}
