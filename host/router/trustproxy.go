package router

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// TrustProxy tells which addresses forward for others: Express's "trust proxy" (core.md 2.1). The zero value trusts none.
type TrustProxy struct {
	all  bool
	hops int
	nets []netip.Prefix
}

// TrustAll believes every proxy.
func TrustAll() TrustProxy { return TrustProxy{all: true} }

// TrustHops believes that many proxies, counted from here.
func TrustHops(n int) TrustProxy { return TrustProxy{hops: n} }

// ParseTrustProxy reads addresses, subnets ("10.0.0.0/8", "10.0.0.0/255.0.0.0") and the names loopback, linklocal and
// uniquelocal.
func ParseTrustProxy(list []string) (TrustProxy, error) {
	var t TrustProxy
	for _, entry := range list {
		nets, err := parseTrusted(strings.TrimSpace(entry))
		if err != nil {
			return TrustProxy{}, err
		}
		t.nets = append(t.nets, nets...)
	}
	return t, nil
}

func parseTrusted(entry string) ([]netip.Prefix, error) {
	switch entry {
	case "loopback":
		return prefixes("127.0.0.1/8", "::1/128"), nil
	case "linklocal":
		return prefixes("169.254.0.0/16", "fe80::/10"), nil
	case "uniquelocal":
		return prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"), nil
	}
	text, mask, hasMask := strings.Cut(entry, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return nil, fmt.Errorf("invalid IP address: %s", entry)
	}
	bits := addr.BitLen()
	if hasMask {
		if bits, err = maskBits(addr, mask); err != nil {
			return nil, fmt.Errorf("invalid range on address: %s", entry)
		}
	}
	if addr.Is4In6() && bits >= 96 {
		addr, bits = addr.Unmap(), bits-96
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return nil, fmt.Errorf("invalid range on address: %s", entry)
	}
	return []netip.Prefix{prefix}, nil
}

// maskBits reads "8" and, for IPv4, "255.0.0.0".
func maskBits(addr netip.Addr, mask string) (int, error) {
	if dotted, err := netip.ParseAddr(mask); err == nil && dotted.Is4() && addr.Is4() {
		bits, ended := 0, false
		for _, b := range dotted.As4() {
			for i := 7; i >= 0; i-- {
				one := b>>i&1 == 1
				if one && ended {
					return 0, fmt.Errorf("mask %s has holes", mask)
				}
				ended = !one
				if one {
					bits++
				}
			}
		}
		return bits, nil
	}
	prefix, err := netip.ParsePrefix(addr.String() + "/" + mask)
	if err != nil {
		return 0, err
	}
	return prefix.Bits(), nil
}

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		out[i] = netip.MustParsePrefix(text).Masked()
	}
	return out
}

// ClientIP walks from the connection's address back through X-Forwarded-For for as long as it believes who says so. What
// is no address ends the walk.
func (t TrustProxy) ClientIP(r *http.Request) netip.Addr {
	client := remoteAddr(r)
	if !t.all && t.hops == 0 && len(t.nets) == 0 {
		return client
	}
	forwarded := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for hop := 0; hop < len(forwarded) && t.trusts(client, hop); hop++ {
		addr, err := netip.ParseAddr(strings.TrimSpace(forwarded[len(forwarded)-1-hop]))
		if err != nil {
			break
		}
		client = addr.Unmap().WithZone("")
	}
	return client
}

func (t TrustProxy) trusts(addr netip.Addr, hop int) bool {
	if t.all || hop < t.hops {
		return true
	}
	for _, n := range t.nets {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}

func remoteAddr(r *http.Request) netip.Addr {
	if ap, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
