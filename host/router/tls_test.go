package router_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/router"
)

func TestSelfSignedTLS(t *testing.T) {
	t.Parallel()
	page := func(rt *router.Router) {
		rt.Handle("/console", http.NotFoundHandler(), router.PlainHTTP())
	}
	began := time.Now()
	var passed atomic.Int64 // a clock for all goroutines
	clock := func() time.Time { return began.Add(time.Duration(passed.Load())) }
	f := start(t, router.Config{TLS: router.TLS{SelfSigned: true, Hosts: []string{"portal.example.com", "127.0.0.1"}}}, router.Options{Now: clock}, page)
	cert := certificate(t, f)
	if !slices.Equal(cert.DNSNames, []string{"localhost", "portal.example.com"}) || len(cert.IPAddresses) != 1 {
		t.Errorf("names: %v %v", cert.DNSNames, cert.IPAddresses)
	}
	if valid := cert.NotAfter.Sub(began).Round(time.Hour); valid != 30*24*time.Hour {
		t.Errorf("valid for %s", valid)
	}
	if again := certificate(t, f); !again.Equal(cert) {
		t.Error("another certificate for another connection")
	}
	passed.Store(int64(25 * 24 * time.Hour))
	if renewed := certificate(t, f); renewed.Equal(cert) || !renewed.NotAfter.After(cert.NotAfter) {
		t.Error("the certificate was not renewed in time")
	}

	pool := x509.NewCertPool()
	pool.AddCert(certificate(t, f))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "portal.example.com", Time: clock}}
	defer transport.CloseIdleConnections()
	f.client.Transport = transport
	f.url = strings.Replace(f.url, "http:", "https:", 1)
	if a := f.get("/console"); !strings.Contains(a.Header.Get("Content-Security-Policy"), "upgrade-insecure-requests") {
		t.Errorf("with TLS the policy is whole: %v", a.Header)
	}
}

func certificate(t *testing.T, f *fixture) *x509.Certificate {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // what is looked at is the certificate
	conn, err := d.DialContext(context.Background(), "tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
}
