package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/console"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
)

// checkPath is the route of the self-check (console/openapi.yaml).
const checkPath = "/api/understudy/v1/check"

// standing is what is known of whatever answers at the configured address.
type standing int

const (
	// proven is a server with the store of this configuration. Nothing else gets a token.
	proven standing = iota
	// otherStore answers as we do and has another store.
	otherStore
	// undecided answers as we do, and nothing shows whether it is ours.
	undecided
	// stranger answers as nothing of ours does.
	stranger
)

// runningServer is what answers at the configured address.
type runningServer struct {
	base     string
	http     *http.Client
	standing standing
	// doubt is why it is not proven.
	doubt string
	// own is a token that it takes, if it is proven.
	own apiToken
	// unasked is why it cannot be asked to check itself, if it is proven.
	unasked string
}

// findRunning looks what answers at backend.listen; nil when nobody does. It has to prove itself by the store of one of the
// plugins, before which it is sent nothing that must not be known. An error is one of the configuration.
func findRunning(ctx context.Context, cfg *config.Config, b *backend.Backend, plugins ...string) (*runningServer, error) {
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
		// The certificate is for the public name, and this is the machine itself; the server proves itself otherwise.
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: loopbackHost(name)} //nolint:gosec // see above
	}
	s := &runningServer{base: scheme + "://" + net.JoinHostPort(name, port), http: &http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	there, ours := s.looks(ctx)
	switch {
	case !there:
		return nil, nil
	case !ours:
		s.standing, s.doubt = stranger, "it does not answer as understudy does"
	default:
		s.prove(ctx, b, plugins)
	}
	if s.standing != proven && s.unasked != "" {
		s.standing, s.doubt = stranger, "it does not answer as understudy does"
	}
	return s, nil
}

// probeTimeout is how long a server at the address may take to show what it is.
const probeTimeout = 5 * time.Second

// looks tells whether anybody answers, and whether as we do: by the route that only we have, which refuses whoever brings no
// token. That can be imitated.
func (s *runningServer) looks(ctx context.Context) (there, ours bool) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	status, body, err := s.ask(ctx, http.MethodGet, checkPath, apiToken{}, nil)
	if refused := (*net.OpError)(nil); err != nil {
		return !errors.As(err, &refused) || refused.Op != "dial", false
	}
	if status == http.StatusNotFound {
		// Any Backstage says so, and one of ours that --only keeps from hosting the console: its store will tell.
		s.unasked = "it does not host the console, by whose route it would be asked; --only " + console.ID + ",… hosts it"
		return true, true
	}
	var answer struct {
		Error *struct{ Name string }
		Steps []host.Step
	}
	if json.Unmarshal(body, &answer) != nil {
		return true, false
	}
	return true, status == http.StatusOK && answer.Steps != nil || status == http.StatusUnauthorized && answer.Error != nil
}

// prove has the server list a key that was just put into the store of a plugin: only who reads that store can.
func (s *runningServer) prove(ctx context.Context, b *backend.Backend, plugins []string) {
	var errs []error
	for _, plugin := range plugins {
		own, err := b.Operator(ctx, plugin)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if own.Key == "" {
			s.standing, s.doubt = undecided, "the keys of plugins are those of backend.auth.pluginKeyStore, so that it cannot show that its store is this one"
			return
		}
		listed, err := s.lists(ctx, plugin, own.Key)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("its keys of %s cannot be read: %w", plugin, err))
			continue // another --only than ours may be why
		case !listed:
			s.standing, s.doubt = otherStore, "it does not list a key that was just put into the store of "+plugin+", so that its store is another"
		default:
			s.standing, s.own = proven, apiToken{value: own.Token, source: "the server's own store"}
		}
		return
	}
	s.standing, s.doubt = undecided, fmt.Sprintf("it could not prove itself by a key in its store: %s", oneLine(errors.Join(errs...).Error()))
}

// lists tells whether the server publishes a key of a plugin.
func (s *runningServer) lists(ctx context.Context, plugin, key string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	status, body, err := s.ask(ctx, http.MethodGet, "/api/"+plugin+"/.backstage/auth/v1/jwks.json", apiToken{}, nil)
	if err != nil {
		return false, err
	}
	if status != http.StatusOK {
		return false, fmt.Errorf("it answers %d", status)
	}
	set, err := keys.ParseSet(body)
	return err == nil && set.Has(key), err
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
	status, body, err := s.ask(ctx, http.MethodPost, checkPath, token, wish)
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
		return host.Checkup{}, fmt.Errorf("the server at %s answers %d: %s", s.base, status, host.Legible(string(body), 200))
	}
	return host.Checkup{At: doc.CheckedAt, Took: time.Duration(doc.TookMillis) * time.Millisecond, Steps: doc.Steps}, nil
}

func (s *runningServer) ask(ctx context.Context, method, path string, token apiToken, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
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
