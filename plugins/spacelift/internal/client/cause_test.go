package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/config"
)

// TestCausesAreTold makes connections that fail each in its own way.
func TestCausesAreTold(t *testing.T) {
	t.Parallel()
	secure, plain := httptest.NewUnstartedServer(http.NotFoundHandler()), httptest.NewServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cut.Close)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>Sign in")) }))
	t.Cleanup(page.Close)
	nobody := httptest.NewServer(nil)
	nobody.Close()
	nameless := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "acme.example", IsNotFound: true}}
	}}
	for name, test := range map[string]struct {
		url, want string
		transport http.RoundTripper
	}{
		"refused":   {nobody.URL, "failed: connection refused", nil},
		"no name":   {"http://acme.example", "the connection to Spacelift at acme.example failed: no such host", nameless},
		"authority": {secure.URL, "failed: TLS: the certificate is of an authority that is not known here", nil},
		"other host": {
			strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), "failed: TLS: the certificate is for another host", secure.Client().Transport,
		},
		"no TLS": {strings.Replace(plain.URL, "http:", "https:", 1), "failed: TLS: the server does not speak it", nil},
		"cut":    {cut.URL, "failed: it was closed before the answer had come", nil},
		"page":   {page.URL, "cannot be read: it is a web page", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{
				Endpoint: test.url, KeyID: "k", Tries: 1,
				Secret: func(context.Context) (config.Secret, error) { return config.NewSecret(keySecret), nil },
			}
			if test.transport != nil {
				o.HTTP = &http.Client{Transport: test.transport}
			}
			c, err := New(o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			_, err = c.Viewer(t.Context())
			if e := failed(t, err, CodeUnavailable, 502); !strings.Contains(e.Message, test.want) || strings.Contains(e.Message, keySecret) {
				t.Errorf("%s", e.Message)
			}
		})
	}
}

// The errors of a secret's file name it; others may hold the secret.
func TestASecretThatCannotBeRead(t *testing.T) {
	t.Parallel()
	const text = "the secret of the Spacelift API key cannot be read"
	for err, want := range map[error]string{
		fmt.Errorf("read: %w", &fs.PathError{Op: "open", Path: "/x/y", Err: fs.ErrNotExist}): text + ": open /x/y: file does not exist",
		errors.New(keySecret): text,
	} {
		c, _ := (&account{}).client(t, func(o *Options) {
			o.Secret = func(context.Context) (config.Secret, error) { return config.Secret{}, err }
		})
		_, err := c.Viewer(t.Context())
		if e := failed(t, err, CodeAuth, 503); e.Message != want {
			t.Errorf("%s", e.Message)
		}
	}
}
