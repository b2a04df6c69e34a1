package discovery

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// srvTTL is how long a looked-up address is used again (core.md 7).
const srvTTL = time.Second

// srvTimeout bounds one lookup.
const srvTimeout = 5 * time.Second

// lookupSRV is the part of net.Resolver that is needed. It returns the records by priority, and within one priority in
// a random order by weight.
type lookupSRV interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// srvResolver turns http+srv and https+srv URLs into plain ones.
type srvResolver struct {
	lookup lookupSRV
	now    func() time.Time

	mu sync.Mutex // guards cache
	// cache has one entry a configured target host, which bounds it.
	cache map[string]srvEntry
}

type srvEntry struct {
	host  string
	until time.Time
}

func newSRVResolver(lookup lookupSRV, now func() time.Time) *srvResolver {
	return &srvResolver{lookup: lookup, now: now, cache: map[string]srvEntry{}}
}

func isSRV(scheme string) bool { return scheme == "http+srv" || scheme == "https+srv" }

// resolve returns the address itself unless its scheme asks for a lookup.
func (r *srvResolver) resolve(ctx context.Context, address string) (string, error) {
	scheme, _, ok := strings.Cut(address, "+srv://")
	if !ok {
		return address, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("parse %q: %w", address, err)
	}
	host, err := r.host(ctx, u.Hostname())
	if err != nil {
		return "", err
	}
	u.Scheme, u.Host = scheme, host
	return strings.TrimRight(u.String(), "/"), nil
}

func (r *srvResolver) host(ctx context.Context, name string) (string, error) {
	now := r.now()
	r.mu.Lock()
	cached, ok := r.cache[name]
	r.mu.Unlock()
	if ok && now.Before(cached.until) {
		return cached.host, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, srvTimeout, fmt.Errorf("look up SRV records of %q: no answer within %s", name, srvTimeout))
	defer cancel()
	_, records, err := r.lookup.LookupSRV(ctx, "", "", name)
	if err != nil {
		return "", fmt.Errorf("look up SRV records of %q: %w", name, err)
	}
	if len(records) == 0 {
		return "", fmt.Errorf("look up SRV records of %q: there are none", name)
	}
	first := records[0]
	host := net.JoinHostPort(strings.TrimSuffix(first.Target, "."), strconv.Itoa(int(first.Port)))
	r.mu.Lock()
	r.cache[name] = srvEntry{host: host, until: now.Add(srvTTL)}
	r.mu.Unlock()
	return host, nil
}
