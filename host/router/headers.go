package router

import (
	"net/http"
	"strings"
)

// Directive is one of a Content-Security-Policy.
type Directive struct {
	Name   string
	Values []string
}

// upgradeInsecure makes browsers fetch everything by https, which breaks a console that is served by http.
const upgradeInsecure = "upgrade-insecure-requests"

// DefaultCSP is the policy of every response unless backend.csp changes it (core.md 2.4).
func DefaultCSP() []Directive {
	return []Directive{
		{"default-src", []string{"'self'"}},
		{"base-uri", []string{"'self'"}},
		{"font-src", []string{"'self'", "https:", "data:"}},
		{"frame-ancestors", []string{"'self'"}},
		{"img-src", []string{"'self'", "data:"}},
		{"object-src", []string{"'none'"}},
		{"script-src", []string{"'self'", "'unsafe-eval'"}},
		{"script-src-attr", []string{"'none'"}},
		{"style-src", []string{"'self'", "https:", "'unsafe-inline'"}},
		{upgradeInsecure, nil},
	}
}

// policyText joins the directives as upstream writes them; without is left out.
func policyText(csp []Directive, without string) string {
	var parts []string
	for _, d := range csp {
		if d.Name != without {
			parts = append(parts, strings.Join(append([]string{d.Name}, d.Values...), " "))
		}
	}
	return strings.Join(parts, ";")
}

const cspHeader = "Content-Security-Policy"

// securityHeaders are written on every response. They are computed once, and their values are shared by all responses.
type securityHeaders struct {
	fixed []fixedHeader
	plain []string // the policy without upgrade-insecure-requests; nil where it stays
}

type fixedHeader struct {
	name  string
	value []string
}

func newSecurityHeaders(cfg Config) securityHeaders {
	var s securityHeaders
	add := func(name, value string) {
		if value != "" {
			s.fixed = append(s.fixed, fixedHeader{http.CanonicalHeaderKey(name), []string{value}})
		}
	}
	add(cspHeader, policyText(cfg.CSP, ""))
	add("Referrer-Policy", strings.Join(cfg.Referrer, ","))
	add("Strict-Transport-Security", "max-age=15552000; includeSubDomains")
	add("X-Content-Type-Options", "nosniff")
	add("X-DNS-Prefetch-Control", "off")
	add("X-Download-Options", "noopen")
	add("X-Frame-Options", "SAMEORIGIN")
	add("X-Permitted-Cross-Domain-Policies", "none")
	add("X-XSS-Protection", "0")
	if !cfg.TLS.Enabled() && !cfg.UpgradeAsked {
		s.plain = []string{policyText(cfg.CSP, upgradeInsecure)}
	}
	return s
}

func (s *securityHeaders) write(h http.Header) {
	for i := range s.fixed {
		h[s.fixed[i].name] = s.fixed[i].value
	}
}
