package discovery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
)

// lookupHost is the part of net.Resolver that tells a name's addresses.
type lookupHost interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// IsSelf reports whether an internal address leads back to this process's own listener, as one does that was copied from
// the other backend's configuration. Before SetListener nothing does. The error is that a name could not be looked up.
func (s *Service) IsSelf(ctx context.Context, address string) (bool, error) {
	bound := s.bound.Load()
	if bound == nil {
		return false, nil
	}
	address, err := s.srv.resolve(ctx, address)
	if err != nil {
		return false, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return false, fmt.Errorf("parse %q: %w", address, err)
	}
	if portOf(u) != strconv.Itoa(bound.Port) {
		return false, nil
	}
	ips, err := s.addresses(ctx, u.Hostname())
	if err != nil {
		return false, fmt.Errorf("look up %q: %w", u.Hostname(), err)
	}
	own, err := ownAddresses(bound)
	if err != nil {
		return false, err
	}
	for _, ip := range ips {
		if own[ip.Unmap().WithZone("")] {
			return true, nil
		}
	}
	return false, nil
}

func (s *Service) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	return s.hosts.LookupNetIP(ctx, "ip", host)
}

// ownAddresses are those at which the listener answers: the one it is bound to, or with none in particular all of the
// machine's.
func ownAddresses(bound *net.TCPAddr) (map[netip.Addr]bool, error) {
	own := map[netip.Addr]bool{}
	if len(bound.IP) > 0 && !bound.IP.IsUnspecified() {
		if ip, ok := netip.AddrFromSlice(bound.IP); ok {
			own[ip.Unmap()] = true
		}
		return own, nil
	}
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the machine's addresses: %w", err)
	}
	for _, one := range list {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil {
			own[prefix.Addr().Unmap().WithZone("")] = true
		}
	}
	return own, nil
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}
