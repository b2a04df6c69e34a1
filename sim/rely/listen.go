package rely

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// CheckPort refuses addresses that Rely's own client cannot use: it strips the characters of "/api/v1", one by one, from
// the end of its URL, so that port 9911 becomes 99 (export.md 2.1).
func CheckPort(address string) error {
	if address == "" || address == strings.TrimRight(address, "/apiv1") {
		return nil
	}
	return fmt.Errorf("%s ends in %q, which clients that strip /api/v1 from an address take off; choose a port that does not end in 1",
		address, address[len(address)-1:])
}

// Listen listens on an address whose port suits CheckPort. Port 0 finds one that does.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	if _, port, err := net.SplitHostPort(address); err == nil && port != "0" {
		if err := CheckPort(address); err != nil {
			return nil, err
		}
	}
	var config net.ListenConfig
	for range 50 {
		l, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		if CheckPort(l.Addr().String()) == nil {
			return l, nil
		}
		defer func() { _ = l.Close() }() // kept until the end, so that the next one is another
	}
	return nil, fmt.Errorf("%s: no free port that does not end in 1", address)
}
