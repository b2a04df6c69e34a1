package stage

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

// official has Node hold the official Spacelift plugin itself, from the packages of test/official, beside the entry by which
// its own plugins find ours. The plugin speaks HTTPS only, so the same simulated account listens a second time. It returns
// what Node's environment needs for that.
func (s *Stage) official(ctx context.Context) (map[string]string, error) {
	folder := filepath.Join(s.root, "test", "official")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "@spacelift-io")); err != nil {
		return nil, fmt.Errorf("the packages are not installed: cd test/official && npm ci")
	}
	certificate, pem, err := spacelift.SelfSigned()
	if err != nil {
		return nil, err
	}
	file := s.file("spacelift.pem")
	if err := os.WriteFile(file, pem, 0o600); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Handler: s.Spacelift, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	s.outside.servers = append(s.outside.servers, server)
	s.outside.ended.Go(func() { _ = server.ServeTLS(l, "", "") })
	return map[string]string{
		"JOINED_OFFICIAL":                folder,
		"NODE_EXTRA_CA_CERTS":            file,
		"SPACELIFT_HOST":                 l.Addr().String(),
		"APP_CONFIG_spacelift_apiKey":    spacelift.AdminKey,
		"APP_CONFIG_spacelift_apiSecret": spacelift.Secret,
	}, nil
}
