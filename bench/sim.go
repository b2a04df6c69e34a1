package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// simProcess is a simulator as a process of its own, so that its memory is not counted.
type simProcess struct {
	addr, control string
	process       *exec.Cmd
}

// startSim starts `understudy sim <name>` and waits until it answers.
func startSim(ctx context.Context, p plan, name string, args ...string) (*simProcess, error) {
	s := &simProcess{}
	for _, addr := range []*string{&s.addr, &s.control} {
		for {
			port, err := freePort()
			if err != nil {
				return nil, err
			}
			if *addr = "127.0.0.1:" + port; port[len(port)-1] != '1' { // what Rely's client cannot use
				break
			}
		}
	}
	args = append([]string{"sim", name, "--listen", s.addr}, args...)
	if name == "spacelift" {
		args = append(args, "--control", s.control)
	} else {
		s.control = s.addr
	}
	s.process = exec.CommandContext(ctx, p.bin, args...) //nolint:gosec // the binary under test
	s.process.Stderr = os.Stderr
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	for range 500 {
		if _, err := s.inspect(ctx, map[string]string{"spacelift": "/state", "rely": "/_sim/stats"}[name]); err == nil {
			return s, nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	s.stop()
	return nil, fmt.Errorf("understudy sim %s does not answer", name)
}

func (s *simProcess) stop() {
	_ = s.process.Process.Kill() // it has nothing to lose
	_ = s.process.Wait()         // it was killed
}

// inspect reads a page of the control port.
func (s *simProcess) inspect(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.control+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// calls is how many requests the Spacelift account has had.
func (s *simProcess) calls(ctx context.Context) (int, error) {
	body, err := s.inspect(ctx, "/requests")
	if err != nil {
		return 0, err
	}
	var list []json.RawMessage
	err = json.Unmarshal(body, &list)
	return len(list), err
}
