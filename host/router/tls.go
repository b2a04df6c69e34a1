package router

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"
)

// TLS is backend.https: a certificate, or one that we sign ourselves.
type TLS struct {
	// SelfSigned makes a certificate for localhost and Hosts, valid for 30 days and renewed in time.
	SelfSigned bool
	// Hosts are the further names of the self-signed certificate.
	Hosts []string
	// Certificate is used otherwise, if set.
	Certificate *tls.Certificate
}

// Enabled reports whether the server speaks TLS.
func (t TLS) Enabled() bool { return t.SelfSigned || t.Certificate != nil }

// config is nil when TLS is off.
func (t TLS) config(now func() time.Time) *tls.Config {
	switch {
	case t.Certificate != nil:
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*t.Certificate}}
	case t.SelfSigned:
		signer := &selfSigner{hosts: append([]string{"localhost"}, t.Hosts...), now: now}
		return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: signer.certificate}
	default:
		return nil
	}
}

// selfSignedFor is how long browsers are asked to believe a certificate of ours.
const selfSignedFor = 30 * 24 * time.Hour

// selfSigner makes a certificate when first asked, and another before that one ends.
type selfSigner struct {
	hosts []string
	now   func() time.Time

	mu      sync.Mutex // guards current
	current *tls.Certificate
}

func (s *selfSigner) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.now().Before(s.current.Leaf.NotAfter.Add(-selfSignedFor/3)) {
		return s.current, nil
	}
	made, err := selfSign(s.hosts, s.now())
	if err != nil {
		return nil, fmt.Errorf("make a self-signed certificate: %w", err)
	}
	s.current = made
	return made, nil
}

func selfSign(hosts []string, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: hosts[0]},
		// An hour back, for callers whose clock is behind.
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(selfSignedFor),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
