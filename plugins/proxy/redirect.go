package proxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// maxRedirects is how many redirects are followed for one request.
const maxRedirects = 10

// follower follows redirects where the option followRedirects asks for it. A redirect to elsewhere gets nothing of what
// the configuration adds to requests, and reaches public addresses only: otherwise a target could have the backend call
// whatever it likes in the network around it (as in CVE-2026-24048).
type follower struct {
	e            *endpoint
	base, abroad http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (f *follower) RoundTrip(req *http.Request) (*http.Response, error) {
	via := f.base
	for range maxRedirects + 1 {
		res, err := via.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		next := f.next(req, res)
		if next == nil {
			return res, nil
		}
		// A short body is read to its end, so that its connection can be used again.
		_, _ = io.CopyN(io.Discard, res.Body, maxHeaderBytes)
		_ = res.Body.Close()
		if !sameOrigin(next.URL, f.e.target) {
			via = f.abroad
		}
		req = next
	}
	return nil, fmt.Errorf("the target redirected more than %d times", maxRedirects)
}

// next is the request that a redirect asks for; nil where the answer is none, or one that is not followed.
func (f *follower) next(req *http.Request, res *http.Response) *http.Request {
	method := req.Method
	switch res.StatusCode {
	case http.StatusSeeOther:
		if method != http.MethodHead {
			method = http.MethodGet
		}
	case http.StatusMovedPermanently, http.StatusFound:
		if method == http.MethodPost {
			method = http.MethodGet
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	if method == req.Method && req.Body != nil {
		return nil // the body has been sent, and is not kept
	}
	to, err := res.Location()
	if err != nil || to.Scheme != "https" && (to.Scheme != "http" || req.URL.Scheme == "https") || to.Host == "" {
		return nil
	}
	next := req.Clone(req.Context())
	next.Method, next.URL, next.Host = method, to, to.Host
	to.Fragment, to.User = "", nil
	if method != req.Method {
		next.Body, next.ContentLength, next.Trailer = nil, 0, nil
		for name := range next.Header {
			if strings.HasPrefix(name, "Content-") {
				next.Header.Del(name)
			}
		}
	}
	if !sameOrigin(to, f.e.target) {
		f.strip(next.Header)
	}
	return next
}

// strip takes away what is for the target alone: what the configuration adds, and what it lets in of the caller's.
func (f *follower) strip(h http.Header) {
	keepAllowed(h, nameSet(safeHeaders))
	for _, add := range f.e.headers {
		h.Del(add.name)
	}
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

var errPrivate = errors.New("the target redirected to an address that is not public")

// publicOnly refuses to dial what is not a public address. It sees the address that a name stood for.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !public(at.Addr()) {
		return fmt.Errorf("%w: %s", errPrivate, address)
	}
	return nil
}

// unicast6 is what IPv6 has of public addresses: all others are local, reserved, or carry IPv4 addresses inside.
var unicast6 = netip.MustParsePrefix("2000::/3")

// notPublic are networks that the methods of netip.Addr do not know: shared, benchmark and documentation addresses, "this"
// network, protocol assignments, and what leads to IPv4 addresses inside.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
}

func public(at netip.Addr) bool {
	at = at.Unmap()
	if !at.IsGlobalUnicast() || at.IsPrivate() || at.Is6() && !unicast6.Contains(at) { // none with a zone, either
		return false
	}
	for _, network := range notPublic {
		if network.Contains(at) {
			return false
		}
	}
	return true
}
