package client

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/config"
)

// Options are what a client needs. The zero value of everything but Endpoint or Host, KeyID and Secret has a default.
type Options struct {
	// Endpoint is the whole address of the GraphQL API. Empty means https://<Host>/graphql.
	Endpoint string
	// Host is the account's host, without scheme and slashes; only read if there is no Endpoint.
	Host string
	// KeyID names the API key.
	KeyID string
	// Secret returns the key's secret. It is asked at each exchange, because the secrets of OIDC keys rotate
	// (spacelift.md 5.2).
	Secret func(ctx context.Context) (config.Secret, error)
	// HTTP is where requests go out, with the caller's certificates; nil means a client of our own.
	HTTP *http.Client
	// Now is the clock that tokens are measured with.
	Now func() time.Time
	Log *slog.Logger
	// Metrics may be nil. Two clients cannot share one registry.
	Metrics prometheus.Registerer

	// RequestsPerSecond, Burst and InFlight bound what the account sees of us (5, 10 and 4: spacelift.md 5.3).
	RequestsPerSecond float64
	Burst             int
	InFlight          int

	// QueryTimeout and MutationTimeout bound a call with all it needs: waiting its turn, a token, tries (10 s, 30 s).
	// A page of a sweep has QueryTimeout for each try, and Patience for all of it.
	QueryTimeout, MutationTimeout time.Duration
	// Patience is how long a page of a sweep may wait for the end of a rate limit (90 s).
	Patience time.Duration
	// Tries is how often a query is sent (3). Mutations are sent once.
	Tries int
	// RetryDelay is the longest pause before the second try; it doubles from try to try (500 ms).
	RetryDelay time.Duration
	// MaxBody is the largest reply that is read, in bytes (32 MiB).
	MaxBody int64
	// BreakerFailures is how many failures in a row open the breaker (5), BreakerDelay how long it stays open (15 s).
	BreakerFailures uint
	BreakerDelay    time.Duration
	// KeyBackoff is the first pause after a key was refused (1 min); it doubles up to five times as much.
	KeyBackoff time.Duration
}

// withDefaults fills in what is zero and refuses what cannot work.
func (o Options) withDefaults() (Options, error) {
	if o.Endpoint == "" && o.Host == "" {
		return o, errors.New("spacelift client: neither endpoint nor host")
	}
	if o.Endpoint == "" {
		o.Endpoint = "https://" + o.Host + "/graphql"
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil:
		return o, errors.New("spacelift client: the endpoint is no URL")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return o, errors.New("spacelift client: the endpoint is no http or https URL with a host")
	case u.User != nil:
		return o, errors.New("spacelift client: the endpoint holds credentials, which would reach logs")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/graphql"
	}
	o.Endpoint = u.String()
	if o.KeyID == "" || o.Secret == nil {
		return o, errors.New("spacelift client: no API key")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.HTTP = ownHTTP(o.HTTP, max(o.InFlight, 4))
	orDefault(&o.RequestsPerSecond, 5)
	orDefault(&o.Burst, 10)
	orDefault(&o.InFlight, 4)
	orDefault(&o.QueryTimeout, 10*time.Second)
	orDefault(&o.MutationTimeout, 30*time.Second)
	orDefault(&o.Patience, 90*time.Second)
	orDefault(&o.Tries, 3)
	orDefault(&o.RetryDelay, 500*time.Millisecond)
	orDefault(&o.MaxBody, 32<<20)
	orDefault(&o.BreakerFailures, 5)
	orDefault(&o.BreakerDelay, 15*time.Second)
	orDefault(&o.KeyBackoff, time.Minute)
	return o, nil
}

func orDefault[T float64 | int | int64 | uint | time.Duration](value *T, otherwise T) {
	if *value <= 0 {
		*value = otherwise
	}
}

// ownHTTP is a client that follows no redirects, because a mutation must go nowhere but to the endpoint, and that has no
// time limit of its own, because each call brings one with its cause.
func ownHTTP(given *http.Client, idle int) *http.Client {
	var own http.Client
	if given != nil {
		own = *given
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = idle
		// Shorter than a load balancer's: a connection that the other side has just closed makes a trigger ambiguous.
		transport.IdleConnTimeout = 30 * time.Second
		own.Transport = transport
	}
	own.Timeout = 0
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
