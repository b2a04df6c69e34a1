package router

import "time"

// Config is the server's part of backend.* (core.md 2.1). The zero value serves http://localhost:7007 with upstream's
// defaults, but for what New fills in.
type Config struct {
	// BaseURL is the address that browsers use, without a trailing slash.
	BaseURL string
	// Listen is the address to listen on, for net.Listen.
	Listen string
	// TLS is off when zero.
	TLS TLS
	// CORS is off when nil.
	CORS *CORS
	// CSP is the Content-Security-Policy; nil stands for DefaultCSP.
	CSP []Directive
	// UpgradeAsked is set when backend.csp itself names upgrade-insecure-requests, which then stays everywhere.
	UpgradeAsked bool
	// Referrer is the Referrer-Policy; nil stands for no-referrer.
	Referrer []string
	// TrustProxy tells whose X-Forwarded-For to believe.
	TrustProxy TrustProxy
	// HealthHeaders are added to the answers of the probes.
	HealthHeaders map[string]string
	// HeadersTimeout bounds the time to send the header, RequestTimeout that for the whole request, KeepAliveTimeout how
	// long a connection may wait for its next request, Timeout how long a caller may take nothing of an answer. 0 stands
	// for the default, which is no bound for Timeout; a negative one is no bound.
	HeadersTimeout, RequestTimeout, KeepAliveTimeout, Timeout time.Duration
	// MaxHeaders is how many headers a request may have; MaxRequestsPerSocket how many requests a connection (0: no bound).
	MaxHeaders, MaxRequestsPerSocket int
	// StartupPause is how long requests wait for their plugin's initialisation; negative: not at all.
	StartupPause time.Duration
	// ShutdownDelay is how long the routes keep answering after readiness has failed.
	ShutdownDelay time.Duration
}

// withDefaults fills in what is not set.
func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = ":7007"
	}
	if c.CSP == nil {
		c.CSP = DefaultCSP()
	}
	if c.Referrer == nil {
		c.Referrer = []string{"no-referrer"}
	}
	// Node's, but for the connection that waits: 5 s is less than what load balancers count on, and they would run into
	// connections that are just being closed.
	orElse(&c.HeadersTimeout, time.Minute)
	orElse(&c.RequestTimeout, 5*time.Minute)
	orElse(&c.KeepAliveTimeout, 65*time.Second)
	orElse(&c.StartupPause, 5*time.Second)
	if c.MaxHeaders == 0 {
		c.MaxHeaders = 2000
	}
	return c
}

func orElse(d *time.Duration, fallback time.Duration) {
	if *d == 0 {
		*d = fallback
	}
}
