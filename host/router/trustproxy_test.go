package router_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

func TestTrustProxy(t *testing.T) {
	t.Parallel()
	parse := func(list ...string) router.TrustProxy {
		trust, err := router.ParseTrustProxy(list)
		if err != nil {
			t.Fatal(err)
		}
		return trust
	}
	for _, c := range []struct {
		name      string
		trust     router.TrustProxy
		remote    string
		forwarded []string
		want      string
	}{
		{"none", router.TrustProxy{}, "10.0.0.1:1", []string{"1.1.1.1"}, "10.0.0.1"},
		{"all", router.TrustAll(), "10.0.0.1:1", []string{"1.1.1.1, 2.2.2.2"}, "1.1.1.1"},
		{"all, nothing forwarded", router.TrustAll(), "10.0.0.1:1", nil, "10.0.0.1"},
		{"one hop", router.TrustHops(1), "10.0.0.1:1", []string{"1.1.1.1, 2.2.2.2"}, "2.2.2.2"},
		{"two hops", router.TrustHops(2), "10.0.0.1:1", []string{"1.1.1.1, 2.2.2.2"}, "1.1.1.1"},
		{"more hops than proxies", router.TrustHops(9), "10.0.0.1:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"no hops", router.TrustHops(0), "10.0.0.1:1", []string{"1.1.1.1"}, "10.0.0.1"},
		{"subnet", parse("10.0.0.0/8"), "10.0.0.1:1", []string{"1.1.1.1, 10.2.3.4"}, "1.1.1.1"},
		{"stranger", parse("10.0.0.0/8"), "11.0.0.1:1", []string{"1.1.1.1"}, "11.0.0.1"},
		{"dotted mask", parse("10.0.0.0/255.0.0.0"), "10.9.9.9:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"address", parse("10.0.0.1"), "10.0.0.1:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"names", parse("loopback", "linklocal", " uniquelocal "), "127.0.0.1:1", []string{"1.1.1.1, 169.254.1.1, 192.168.0.1, fc00::1"}, "1.1.1.1"},
		{"several lines", parse("loopback", "10.0.0.0/8"), "[::1]:1", []string{"1.1.1.1", "10.0.0.2"}, "1.1.1.1"},
		{"mapped", parse("10.0.0.0/8"), "[::ffff:10.0.0.1]:1", []string{"::ffff:1.1.1.1"}, "1.1.1.1"},
		{"mapped subnet", parse("::ffff:10.0.0.0/104"), "10.0.0.1:1", []string{"1.1.1.1"}, "1.1.1.1"},
		{"garbage ends the walk", router.TrustAll(), "10.0.0.1:1", []string{"1.1.1.1, unknown, 2.2.2.2"}, "2.2.2.2"},
		{"zone", router.TrustAll(), "[fe80::1%eth0]:1", nil, "fe80::1"},
		{"v6", parse("2001:db8::/32"), "[2001:db8::1]:1", []string{"2001:db9::1"}, "2001:db9::1"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := c.trust.ClientIP(r); got != netip.MustParseAddr(c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := router.TrustAll().ClientIP(&http.Request{RemoteAddr: "pipe"}); got.IsValid() {
		t.Errorf("no address: %s", got)
	}
	for _, entry := range []string{"", "loopbac", "10.0.0.0/33", "10.0.0.0/255.0.255.0", "10.0.0.0/", "10.0.0.0/x", "::1/129", "10.0.0/8", "2001:db8::/255.0.0.0"} {
		if _, err := router.ParseTrustProxy([]string{entry}); err == nil {
			t.Errorf("%q was taken", entry)
		}
	}
}
