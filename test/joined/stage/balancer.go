package stage

import (
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// balancer spreads requests over replicas in turn, as the address of a service in a cluster does. A replica that cannot be
// dialled is passed over.
type balancer struct {
	server   *http.Server
	listener net.Listener
}

func newBalancer(listener net.Listener, replicas []string) (*balancer, error) {
	turns := &inTurn{inner: &http.Transport{MaxIdleConnsPerHost: 64}}
	for _, text := range replicas {
		u, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		turns.replicas = append(turns.replicas, u)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host },
		Transport:     turns,
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway)
		},
	}
	b := &balancer{server: &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}, listener: listener}
	go func() { _ = b.server.Serve(listener) }()
	return b, nil
}

func (b *balancer) close() error { return b.server.Close() }

// inTurn sends each request to the next replica.
type inTurn struct {
	inner    http.RoundTripper
	replicas []*url.URL
	next     atomic.Uint64
}

func (t *inTurn) RoundTrip(r *http.Request) (*http.Response, error) {
	var last error
	for range t.replicas {
		to := t.replicas[t.next.Add(1)%uint64(len(t.replicas))]
		r.URL.Scheme, r.URL.Host = to.Scheme, to.Host
		resp, err := t.inner.RoundTrip(r)
		// What was not dialled was not sent either, so the next one may have it.
		if dial := (*net.OpError)(nil); err != nil && errors.As(err, &dial) && dial.Op == "dial" {
			last = err
			continue
		}
		return resp, err
	}
	return nil, last
}
