package backend

import "github.com/understudy-portal/understudy/host/router"

// WithRoutes shows a test the routes of every plugin, once they are declared.
func WithRoutes(f func(plugin string, routes []*router.Routes)) Option {
	return func(o *options) { o.inspect = f }
}

// Wait is wait, for tests.
var Wait = wait
