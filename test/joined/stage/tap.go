package stage

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Tap stands between Understudy and Node: it counts what Understudy asks, and lets tests come between.
type Tap struct {
	// URL is where Understudy finds Node.
	URL string

	server *http.Server
	plain  http.Handler

	mu      sync.Mutex // guards what follows
	between http.Handler
	counts  map[string]int
}

// openTap listens, and passes everything on to Node, which need not run yet.
func openTap(ctx context.Context, node string) (*Tap, error) {
	to, err := url.Parse(node)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &Tap{URL: "http://" + l.Addr().String(), counts: map[string]int{}}
	t.plain = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		// Node closes idle connections after five seconds.
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 4 * time.Second, DisableCompression: true},
		FlushInterval: -1,
		ErrorHandler:  func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // as if there were nothing between
	}
	t.server = &http.Server{Handler: t, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = t.server.Serve(l) }()
	return t, nil
}

// ServeHTTP counts a request and passes it on.
func (t *Tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	t.counts[r.Method+" "+r.URL.Path]++
	handler := t.between
	t.mu.Unlock()
	if handler == nil {
		handler = t.plain
	}
	handler.ServeHTTP(w, r)
}

// Between puts a handler between the two, which is given what passes a request on. Nil takes it out again.
func (t *Tap) Between(wrap func(pass http.Handler) http.Handler) {
	var handler http.Handler
	if wrap != nil {
		handler = wrap(t.plain)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.between = handler
}

// Counts are the requests so far, by method and path, such as "GET /api/catalog/entities/by-query".
func (t *Tap) Counts() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}

func (t *Tap) close() error { return t.server.Close() }
