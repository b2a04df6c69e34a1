// Package standard is the list of the plugins that ship in cmd/understudy. It is meant to be copied into a program
// that adds its own.
package standard

import (
	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/console"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/plugins/auth"
	"github.com/understudy-portal/understudy/plugins/proxy"
	"github.com/understudy-portal/understudy/plugins/rely"
	"github.com/understudy-portal/understudy/plugins/spacelift"
)

// Plugins returns new plugins, one of each.
func Plugins() []host.Plugin {
	return []host.Plugin{
		auth.New(),
		catalog.New(),
		console.New(),
		proxy.New(),
		rely.New(),
		spacelift.New(),
	}
}
