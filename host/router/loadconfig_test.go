package router_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
)

func parse(t *testing.T, text string) (router.Config, error) {
	t.Helper()
	c, err := config.Parse("app-config.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return router.LoadConfig(c)
}

func mustParse(t *testing.T, text string) router.Config {
	t.Helper()
	cfg, err := parse(t, text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return cfg
}

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	got := mustParse(t, `
backend:
  baseUrl: https://portal.example.com/
  listen: { host: '::1', port: '8080' }
  https: true
  cors: { origin: [http://a, 'http://*.b'], methods: GET, credentials: true, maxAge: 600, allowedHeaders: [X-A] }
  csp: { upgradeInsecureRequests: false, connect-src: ["'self'", 'http:'], imgSrc: ['*'] }
  referrer: { policy: [same-origin, strict-origin] }
  server: { headersTimeout: 1000, requestTimeout: 2m, keepAliveTimeout: { seconds: 3 }, timeout: 0, maxHeadersCount: 10, maxRequestsPerSocket: 5 }
  health: { headers: { x-probe: 'yes' } }
  lifecycle: { startupRequestPauseTimeout: 1s, serverShutdownDelay: PT2S }
`)
	age := 600.0
	csp := router.DefaultCSP()
	csp = csp[:len(csp)-1]
	csp[4].Values = []string{"*"}
	want := router.Config{
		BaseURL: "https://portal.example.com", Listen: "[::1]:8080",
		TLS:  router.TLS{SelfSigned: true, Hosts: []string{"portal.example.com"}},
		CORS: &router.CORS{Origins: []string{"http://a", "http://*.b"}, Methods: []string{"GET"}, AllowedHeaders: []string{"X-A"}, Credentials: true, MaxAge: &age},
		CSP:  append(csp, router.Directive{Name: "connect-src", Values: []string{"'self'", "http:"}}), Referrer: []string{"same-origin", "strict-origin"},
		HeadersTimeout: time.Second, RequestTimeout: 2 * time.Minute, KeepAliveTimeout: 3 * time.Second, Timeout: -1, MaxHeaders: 10, MaxRequestsPerSocket: 5,
		HealthHeaders: map[string]string{"x-probe": "yes"}, StartupPause: time.Second, ShutdownDelay: 2 * time.Second,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(router.TrustProxy{})); diff != "" {
		t.Error(diff)
	}
	bare := mustParse(t, "backend: { baseUrl: http://localhost:7007 }")
	if diff := cmp.Diff(router.Config{BaseURL: "http://localhost:7007", CSP: router.DefaultCSP()}, bare, cmpopts.IgnoreUnexported(router.TrustProxy{})); diff != "" {
		t.Error(diff)
	}
}

func TestLoadListen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"'7007'": ":7007", "7007": ":7007", "':7007'": ":7007", "host:80": "host:80", "{ port: 80 }": ":80", "{ port: '80' }": ":80", "{ host: h }": "h:7007", "{}": ":7007",
		"{ host: '::', port: 1 }": "[::]:1", "0": ":0",
	} {
		if got := mustParse(t, "backend: { baseUrl: http://x, listen: "+text+" }").Listen; got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"''":                "app-config.yaml:1: backend.listen: Unable to parse listen address , expected <port> or <host>:<port>",
		"a:b:c":             "app-config.yaml:1: backend.listen: Unable to parse listen address a:b:c, expected <port> or <host>:<port>",
		"80.5":              "app-config.yaml:1: backend.listen: Unable to parse listen address 80.5, expected <port> or <host>:<port>",
		"true":              "app-config.yaml:1: backend.listen: Unable to parse listen address true, expected <port> or <host>:<port>",
		"{ port: x }":       `app-config.yaml:1: backend.listen.port: "x" is no port`,
		"{ host: 'a b' }":   `app-config.yaml:1: backend.listen.host: "a b" is no host`,
		"{ host: '[::1]' }": `app-config.yaml:1: backend.listen.host: "[::1]" is no host`,
		"{ port: 99999 }":   `app-config.yaml:1: backend.listen.port: "99999" is no port`,
	} {
		if _, err := parse(t, "backend: { baseUrl: http://x, listen: "+text+" }"); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestLoadTrustProxy(t *testing.T) {
	t.Parallel()
	r := &http.Request{RemoteAddr: "127.0.0.1:1", Header: http.Header{"X-Forwarded-For": {"1.1.1.1, 10.0.0.1"}}}
	for text, want := range map[string]string{
		"true": "1.1.1.1", "false": "127.0.0.1", "1": "10.0.0.1", "2": "1.1.1.1", "loopback": "10.0.0.1", "'loopback, 10.0.0.0/8'": "1.1.1.1", "[loopback, uniquelocal]": "1.1.1.1",
	} {
		if got := mustParse(t, "backend: { baseUrl: http://x, trustProxy: "+text+" }").TrustProxy.ClientIP(r).String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// All mistakes come at once, each with its place and key.
func TestLoadConfigTellsAllMistakes(t *testing.T) {
	t.Parallel()
	_, err := parse(t, `
backend:
  baseUrl: localhost:7007
  https: { certificate: { cert: not-pem, key: not-pem-either } }
  csp: { script-src: self, img-src: ["a;b"] }
  referrer: { policy: [sometimes] }
  cors: { origin: ['http://[a'], optionsSuccessStatus: 99, maxAge: [1] }
  trustProxy: [nowhere]
  health: { headers: { "bad name": x, x-a: [1] } }
  server: { headersTimeout: soon, maxHeadersCount: -1 }
  lifecycle: { serverShutdownDelay: 5 }
`)
	if err == nil {
		t.Fatal("no mistakes found")
	}
	for _, want := range []string{
		"3: backend.baseUrl: \"localhost:7007\" is not an http or https URL; write it as browsers see it, such as http://localhost:7007",
		"4: backend.https.certificate: the pair cannot be used: ",
		"5: backend.csp.script-src: must be false or a list",
		"5: backend.csp.img-src: must be false or a list",
		"6: backend.referrer.policy: \"sometimes\" is no referrer policy; one of no-referrer, ",
		"7: backend.cors.origin: \"http://[a\" is no pattern",
		"7: backend.cors.optionsSuccessStatus: 99 is no status of an answer",
		"backend.cors.maxAge",
		"8: backend.trustProxy: invalid IP address: nowhere; addresses, subnets, loopback",
		"9: backend.health.headers.bad name: must be a text",
		"9: backend.health.headers.x-a: must be a text",
		"10: backend.server.headersTimeout: ",
		"10: backend.server.maxHeadersCount: -1 is no count",
		"11: backend.lifecycle.serverShutdownDelay: ",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
	if _, err := parse(t, "app: {}"); err == nil || !strings.Contains(err.Error(), "Missing required config value at 'backend.baseUrl'") {
		t.Errorf("no baseUrl: %v", err)
	}
}

func TestLoadCertificate(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, data []byte) string {
		return "|\n        " + string(bytes.ReplaceAll(bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})), []byte("\n"), []byte("\n        ")))
	}
	source := "backend:\n  baseUrl: https://x\n  https:\n    certificate:\n      cert: " + text("CERTIFICATE", der) + "\n      key: " + text("PRIVATE KEY", private) + "\n"
	c, err := config.Parse("app-config.yaml", []byte(source), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := router.LoadConfig(c)
	if err != nil || !cfg.TLS.Enabled() || cfg.TLS.SelfSigned {
		t.Fatalf("%v %+v", err, cfg.TLS)
	}
	if secrets := c.Secrets(); len(secrets) == 0 || !strings.Contains(strings.Join(secrets, ""), "PRIVATE KEY") {
		t.Error("the key is a secret")
	}
	if cfg := mustParse(t, "backend: { baseUrl: http://x, https: false }"); cfg.TLS.Enabled() {
		t.Error("https: false is off")
	}
}
