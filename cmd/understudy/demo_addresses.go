package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// addressFile has the demo's addresses, in its data folder.
const addressFile = "addresses.json"

// addresses outlive a demo: what a simulator has is known by its address, and `understudy export` finds the server.
type addresses struct {
	Server    string `json:"server,omitempty"`    // as a URL; empty until a demo has been ready
	Spacelift string `json:"spacelift,omitempty"` // host:port, as the next one
	Rely      string `json:"rely,omitempty"`
}

// readAddresses returns none for a folder without them.
func readAddresses(dir string) (a addresses, err error) {
	text, err := os.ReadFile(filepath.Join(dir, addressFile))
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return addresses{}, fmt.Errorf("read the demo's addresses: %w; remove %s", err, filepath.Join(dir, addressFile))
	}
	return a, nil
}

// write replaces the file as a whole.
func (a addresses) write(dir string) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, addressFile)
	if err = os.WriteFile(path+".part", append(text, '\n'), 0o600); err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return fmt.Errorf("write the demo's addresses: %w; choose another folder by --data", err)
	}
	return nil
}

// serverAt keeps the address of a demo that is ready.
func serverAt(dir, base string) error {
	a, err := readAddresses(dir)
	if err != nil {
		return err
	}
	a.Server = base
	return a.write(dir)
}

// listenAgain listens where a simulator listened before, or else at a free port of the host, saying what that costs.
func listenAgain(ctx context.Context, said io.Writer, name, before, host string,
	open func(context.Context, string) (net.Listener, error),
) (net.Listener, error) {
	if before != "" {
		_, _, err := loopback("address", before, "the simulator lets anyone in")
		var l net.Listener
		if err == nil {
			l, err = open(ctx, before)
		}
		if err == nil {
			return l, nil
		}
		_, _ = fmt.Fprintf(said, "understudy: warning: the simulator of %s cannot be at %s again (%v), and gets a new address; what was known of the old one is read or sent anew\n",
			name, before, err)
	}
	return open(ctx, net.JoinHostPort(host, "0"))
}
