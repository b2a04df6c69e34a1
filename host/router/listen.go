package router

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// DefaultPort is where a backend listens unless backend.listen says otherwise (core.md 2.1).
const DefaultPort = 7007

// ParseListen reads "7007", ":7007" or "host:port" into an address for net.Listen. IPv6 addresses have only the form with
// host and port apart (core.md 2.1).
func ParseListen(text string) (string, error) {
	host, port := "", text
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		host, port = text[:i], text[i+1:]
	}
	number, err := parsePort(port)
	if err != nil || !validHost(host) {
		return "", fmt.Errorf("Unable to parse listen address %s, expected <port> or <host>:<port>", text) //nolint:staticcheck // upstream's text
	}
	return net.JoinHostPort(host, number), nil
}

// validHost refuses what cannot be part of an address; the system knows the rest better.
func validHost(host string) bool {
	for i := range len(host) {
		if c := host[i]; c <= ' ' || c == 0x7f || strings.IndexByte(":/[]", c) >= 0 {
			return false
		}
	}
	return true
}

// parsePort accepts the decimal digits of a port; 0 lets the system choose.
func parsePort(text string) (string, error) {
	if text == "" || len(text) > 5 {
		return "", errors.New("no port")
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return "", errors.New("no port")
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > 65535 {
		return "", errors.New("no port")
	}
	return strconv.Itoa(n), nil
}

// ExplainListen makes the error of a failed net.Listen one line that names the address, the reason and the fix; key is the
// setting that names the address.
func ExplainListen(address, key string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on %s: %w; stop the other process or change %s", address, syscall.EADDRINUSE, key)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("listen on %s: permission denied; choose a port above 1023 in %s", address, key)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("listen on %s: this machine has no such address; change %s", address, key)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return fmt.Errorf("listen on %s: %w; change %s", address, err, key)
}
