package proxy

import (
	"net/http"
	"net/netip"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/config"
)

// What allowedHeaders lets in of the caller's is for the target, not for where that redirects to.
func TestNothingOfTheCallersGoesAbroad(t *testing.T) {
	t.Parallel()
	target, err := url.Parse("https://a.example/x")
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{target: target, headers: []header{{name: "Accept-Language", values: []config.Secret{config.NewSecret("hidden")}}}}
	e.allow([]string{"private-token", "x-forwarded-for", "sec-websocket-protocol", "origin"})
	f := &follower{e: e}
	for location, kept := range map[string]bool{"/y": true, "https://A.example:443/y": true, "https://evil.example/y": false, "https://a.example:8443/y": false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://a.example/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{
			"Private-Token": {"callers-own"}, "X-Forwarded-For": {"10.0.0.1"}, "Origin": {"https://portal"}, "Sec-Websocket-Protocol": {"token"},
			"Authorization": {"Basic x"}, "Cookie": {"a=b"}, "Accept-Language": {"hidden"}, "Accept": {"text/plain"}, "User-Agent": {"tests/1"},
		}
		want := http.Header{"Accept": {"text/plain"}, "User-Agent": {"tests/1"}}
		if kept {
			want = req.Header.Clone()
		}
		next := f.next(req, &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {location}}, Request: req})
		if next == nil {
			t.Fatalf("%s is not followed", location)
		}
		if diff := cmp.Diff(want, next.Header); diff != "" {
			t.Errorf("%s (-want +got):\n%s", location, diff)
		}
	}
}

func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"1.1.1.1": true, "8.8.8.8": true, "192.88.98.1": true, "2606:4700:4700::1111": true, "2a00:1450::1": true, "::ffff:1.1.1.1": true,
		"127.0.0.1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false, "0.1.2.3": false,
		"100.64.0.1": false, "192.0.0.1": false, "192.0.2.1": false, "192.88.99.1": false, "198.18.0.1": false, "198.51.100.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::127.0.0.1": false, "::10.0.0.1": false, "::ffff:127.0.0.1": false, "::ffff:0:7f00:1": false, "fe80::1": false,
		"fec0::1": false, "feff::1": false, "fc00::1": false, "fd00::1": false, "ff02::1": false, "64:ff9b::a00:1": false, "64:ff9b:1::1": false, "100::1": false,
		"2001::1": false, "2001:2::1": false, "2001:10::1": false, "2001:20::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "3fff::1": false,
		"5f00::1": false, "fec0::1%eth0": false, "2606:4700:4700::1111%eth0": false,
	} {
		if got := public(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
