package proxy

import (
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 10 * time.Second
	// idleTimeout is less than the 5 s after which Node servers close a connection that waits: a request that cannot be
	// sent again must not meet one that is being closed.
	idleTimeout      = 4 * time.Second
	maxIdlePerTarget = 64
	maxIdle          = 512
	maxHeaderBytes   = 256 << 10
	copyBuffer       = 32 << 10
)

// pools are the connections to the targets, and the buffers that bodies pass through.
type pools struct {
	verified, unverified *http.Transport
	// abroad is for what a redirect leads to: public addresses only.
	abroad  *http.Transport
	buffers sync.Pool
}

func newPools() *pools {
	p := &pools{verified: newTransport(false), unverified: newTransport(true), abroad: newTransport(false)}
	p.abroad.DialContext = (&net.Dialer{Timeout: dialTimeout, Control: publicOnly}).DialContext
	p.abroad.Proxy = nil
	p.buffers.New = func() any { return new([copyBuffer]byte) }
	return p
}

// newTransport speaks HTTP/1.1 alone, as upstream does: WebSockets need it.
func newTransport(insecure bool) *http.Transport {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}, //nolint:gosec // the option secure: false, which is warned of
		TLSHandshakeTimeout:    handshakeTimeout,
		Protocols:              protocols,
		DisableCompression:     true, // what the target sends is passed on as it is
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerTarget,
		IdleConnTimeout:        idleTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: maxHeaderBytes,
		ReadBufferSize:         copyBuffer,
		WriteBufferSize:        copyBuffer,
	}
}

func (p *pools) transport(e *endpoint) http.RoundTripper {
	base := p.verified
	if e.insecure {
		base = p.unverified
	}
	if !e.followRedirects {
		return base
	}
	return &follower{e: e, base: base, abroad: p.abroad}
}

func (p *pools) close() {
	for _, t := range []*http.Transport{p.verified, p.unverified, p.abroad} {
		t.CloseIdleConnections()
	}
}

// Get implements httputil.BufferPool.
func (p *pools) Get() []byte {
	buffer, ok := p.buffers.Get().(*[copyBuffer]byte)
	if !ok {
		buffer = new([copyBuffer]byte)
	}
	return buffer[:]
}

// Put implements httputil.BufferPool.
func (p *pools) Put(b []byte) {
	if len(b) == copyBuffer {
		p.buffers.Put((*[copyBuffer]byte)(b))
	}
}
