// Command custom-backend is Understudy with a plugin of one's own: copy it, and add yours.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := backend.New().Add(standard.Plugins()...).Add(newGreetings()).Run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "custom-backend:", err)
		os.Exit(1)
	}
}
