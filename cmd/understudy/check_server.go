package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
)

// checkPath is the route of the self-check (console/openapi.yaml).
const checkPath = "/api/understudy/v1/check"

// runningServer is one of ours at the configured address.
type runningServer struct {
	base string
	http *http.Client
}

// findRunning looks whether one of ours answers at backend.listen; nil when none does. An error is one of the configuration.
func findRunning(ctx context.Context, cfg *config.Config) (*runningServer, error) {
	settings, err := router.LoadConfig(cfg)
	if err != nil {
		return nil, err
	}
	listen := settings.Listen
	if listen == "" {
		listen = fmt.Sprintf(":%d", router.DefaultPort)
	}
	name, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return nil, err
	}
	if name == "" || name == "0.0.0.0" || name == "::" {
		name = "localhost"
	}
	scheme := "http"
	transport := &http.Transport{DisableKeepAlives: true}
	if https := cfg.Value("backend.https"); https != nil && https != false {
		scheme = "https"
		// The certificate is for the public name, and this is the machine itself.
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: loopbackHost(name)} //nolint:gosec // see above
	}
	s := &runningServer{base: scheme + "://" + net.JoinHostPort(name, port), http: &http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if !s.ours(ctx) {
		return nil, nil
	}
	return s, nil
}

// probeTimeout is how long a server at the address may take to show what it is.
const probeTimeout = 5 * time.Second

// ours tells by the route that only we have, which refuses whoever brings no token.
func (s *runningServer) ours(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	status, body, err := s.ask(ctx, http.MethodGet, apiToken{}, nil)
	if err != nil {
		return false
	}
	var answer struct {
		Error *struct{ Name string }
		Steps []host.Step
	}
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	return status == http.StatusOK && answer.Steps != nil || status == http.StatusUnauthorized && answer.Error != nil
}

// refusedError is a server that does not check for us.
type refusedError struct{ text string }

// Error says why.
func (e *refusedError) Error() string { return e.text }

// check has the server look at itself.
func (s *runningServer) check(ctx context.Context, token apiToken, user config.Secret) (host.Checkup, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, checkTimeout, fmt.Errorf("no answer within %s", checkTimeout))
	defer cancel()
	wish, err := json.Marshal(map[string]string{"userToken": user.Reveal()})
	if err != nil {
		return host.Checkup{}, err
	}
	status, body, err := s.ask(ctx, http.MethodPost, token, wish)
	if err != nil {
		return host.Checkup{}, fmt.Errorf("ask the server at %s: %w", s.base, err)
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		why := "this command has no token for it (docs/check.md)"
		if !token.value.IsZero() {
			why = "it does not take the token of " + token.source
		}
		return host.Checkup{}, &refusedError{fmt.Sprintf("a server runs at %s, and %s", s.base, why)}
	}
	var doc checkDocument
	if err := json.Unmarshal(body, &doc); err != nil || status != http.StatusOK {
		return host.Checkup{}, fmt.Errorf("the server at %s answers %d: %.200s", s.base, status, body)
	}
	return host.Checkup{At: doc.CheckedAt, Took: time.Duration(doc.TookMillis) * time.Millisecond, Steps: doc.Steps}, nil
}

func (s *runningServer) ask(ctx context.Context, method string, token apiToken, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+checkPath, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if !token.value.IsZero() {
		req.Header.Set("Authorization", "Bearer "+token.value.Reveal())
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxExportAnswer))
	return resp.StatusCode, data, err
}
