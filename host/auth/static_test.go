package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/router"
)

// TestStaticKeyStore: configured keys sign for every plugin of the process, and need no database (core.md 4.7).
func TestStaticKeyStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"pub.pem": {Type: "PUBLIC KEY", Bytes: spki}, "key.pem": {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const section = "backend: { auth: { pluginKeyStore: { type: static, static: { keys: [{ keyId: k1, publicKeyFile: '%s', privateKeyFile: '%s' }] } } } }"
	clk := newClock()
	b := newBackend(t, clk, nil, fmt.Sprintf(section, filepath.Join(dir, "pub.pem"), filepath.Join(dir, "key.pem")))
	for _, id := range []string{"one", "two"} {
		routes, err := b.router.Plugin(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Mount(routes, id, noDatabase); err != nil {
			t.Fatal(err)
		}
		routes.Handle("GET /who", func(w http.ResponseWriter, r *http.Request) error {
			return router.WriteJSON(w, r, http.StatusOK, FromContext(r.Context()).String())
		})
		routes.Initialized()
	}
	text, err := b.IssueToken(t.Context(), "one", PluginCredentials("one"), "two")
	if err != nil {
		t.Fatal(err)
	}
	if a := b.call(t, http.MethodGet, "/api/two/who", bearer(text)); a.status != 200 || a.body != `"plugin:one"` {
		t.Errorf("%+v", a)
	}
	a := b.call(t, http.MethodGet, "/api/two/.backstage/auth/v1/jwks.json")
	if set, err := keys.ParseSet([]byte(a.body)); err != nil || len(set) != 1 || set[0].ID != "k1" {
		t.Errorf("%+v, %v", a, err)
	}

	err = CheckConfig(parseConfig(t, fmt.Sprintf(section, filepath.Join(dir, "pub.pem"), filepath.Join(dir, "gone.pem"))))
	if err == nil || !strings.Contains(err.Error(), `backend.auth.pluginKeyStore.static.keys: key "k1": open `) {
		t.Errorf("missing file: %v", err)
	}
}
