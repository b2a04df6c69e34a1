package stage

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

// outside is what both plugins talk to: an account that does not exist, and an API that is nobody's.
type outside struct {
	spacelift    *spacelift.Server
	spaceliftURL string
	rely         *rely.Server
	relyURL      string

	stop    context.CancelFunc
	ended   sync.WaitGroup
	servers []*http.Server
}

func openOutside(ctx context.Context, account spacelift.Options, api rely.Options) (*outside, error) {
	o := &outside{rely: rely.New(api)}
	var err error
	if o.spacelift, err = spacelift.New(account); err != nil {
		return nil, err
	}
	first, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	second, err := rely.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		_ = first.Close()
		return nil, err
	}
	o.spaceliftURL, o.relyURL = "http://"+first.Addr().String(), "http://"+second.Addr().String()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	o.stop = stop
	if account.Speed > 0 {
		o.ended.Go(func() { _ = o.spacelift.Run(running) })
	}
	o.serve(first, o.spacelift)
	o.serve(second, o.rely)
	return o, nil
}

func (o *outside) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	o.servers = append(o.servers, server)
	o.ended.Go(func() { _ = server.Serve(listener) })
}

func (o *outside) close() {
	o.stop()
	for _, server := range o.servers {
		_ = server.Close()
	}
	o.ended.Wait()
}
