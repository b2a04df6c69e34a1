// Command custom-backend is Understudy with parts of one's own: copy it, and add yours.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/console"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/plugins/auth"
	"github.com/understudy-portal/understudy/plugins/rely"
	"github.com/understudy-portal/understudy/plugins/spacelift"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := backend.New().Add(plugins(os.Getenv("PROXY_SECRET"))...).Run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "custom-backend:", err)
		os.Exit(1)
	}
}

// plugins are what ships, with parts of our own in it, and plugins of our own. Whoever only adds plugins begins with
// standard.Plugins().
func plugins(proxySecret string) []host.Plugin {
	return []host.Plugin{
		catalog.New(catalog.WithProvider(teams{}), catalog.WithProcessor(email{})),
		auth.New(auth.WithProvider(proxied{secret: proxySecret})),
		console.New(),
		spacelift.New(),
		rely.New(),
		newGreetings(),
		&archive{},
	}
}
