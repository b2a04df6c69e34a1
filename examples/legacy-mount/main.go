// Command legacy-mount is a server of one's own with both plugins mounted in it: what createRouter and parseConfigs are to a
// Node backend of the old system. Copy it, and mount them beside your own routes.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/understudy-portal/understudy/catalog"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/solo"
	"github.com/understudy-portal/understudy/plugins/rely"
	"github.com/understudy-portal/understudy/plugins/spacelift"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, config.Options{Environ: os.Environ()}, "localhost:7007", func(net.Addr) {})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "legacy-mount:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, files config.Options, address string, listening func(net.Addr)) error {
	cfg, err := config.Load(files)
	if err != nil {
		return err
	}
	env := host.Environment{
		Config: cfg,
		Log:    slog.New(slog.NewTextHandler(os.Stderr, nil)),
		// The catalog of the backend that discovery.endpoints names.
		RemoteCatalog: catalog.New(),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "a route of our own") })
	life, end := context.WithCancel(ctx) // ends the plugins also where mounting the second fails
	stopped, err := mount(life, mux, env)
	defer func() {
		end()
		for _, s := range stopped {
			<-s.Done()
		}
	}()
	if err != nil {
		return err
	}

	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	listening(listener.Addr())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(closing)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// mount puts both plugins at the paths at which Backstage's frontend looks for them.
func mount(ctx context.Context, mux *http.ServeMux, env host.Environment) (mounted []*solo.Router, err error) {
	at := func(path string, router http.Handler) { mux.Handle(path+"/", http.StripPrefix(path, router)) }

	stacks, err := spacelift.ParseConfig(env)
	if err != nil {
		return nil, err
	}
	migration, err := rely.ParseConfig(env)
	if err != nil {
		return nil, err
	}
	router, err := spacelift.NewRouter(ctx, stacks)
	if err != nil {
		return nil, err
	}
	mounted = append(mounted, router)
	at("/api/spacelift-io", router)

	if router, err = rely.NewRouter(ctx, migration); err != nil {
		return mounted, err
	}
	mounted = append(mounted, router)
	at("/api/rely", router)
	at("/api/rely-migration-plugin", router.Mount("rely-migration-plugin"))
	return mounted, nil
}
