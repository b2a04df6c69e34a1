package client

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

// What never left us did nothing; what may have arrived may have done something.
func TestAmbiguityOnTheWire(t *testing.T) {
	t.Parallel()
	text := jwt(fmt.Sprintf(`{"exp":%d}`, time.Now().Add(time.Hour).Unix()))
	for name, test := range map[string]struct {
		serve     func(net.Conn)
		ambiguous bool
	}{
		"refused": {nil, false},
		"closed after it was read": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1<<16))
			_ = c.Close()
		}, true},
		"garbage": {func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1<<16))
			_, _ = c.Write([]byte("SSH-2.0-OpenSSH " + text + "\r\n"))
			_ = c.Close()
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			ok(t, nil, err)
			if test.serve == nil {
				ok(t, nil, listener.Close())
			} else {
				defer func() { _ = listener.Close() }()
				go func() {
					for {
						conn, err := listener.Accept()
						if err != nil {
							return
						}
						test.serve(conn)
					}
				}()
			}
			log := &logged{}
			c, err := New(Options{
				Endpoint: "http://" + listener.Addr().String(), KeyID: "k", Log: slog.New(slog.NewTextHandler(log, nil)),
				Secret: func(context.Context) (config.Secret, error) { return config.NewSecret(spacelift.Secret), nil },
			})
			ok(t, nil, err)
			defer c.Close()
			now := time.Now()
			c.tokens.current = &token{text: config.NewSecret(text), refresh: now.Add(time.Hour), expires: now.Add(time.Hour)}
			_, err = c.Trigger(t.Context(), "a", "what-nobody-may-read")
			if e := failed(t, err, CodeUnavailable, 502); e.Ambiguous != test.ambiguous || strings.Contains(fmt.Sprint(&e, e.Err, log), text) {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A mutation goes nowhere but to the endpoint.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	a := &account{answers: map[string]func(seen, int) reply{"Trigger": func(seen, int) reply { return reply{status: http.StatusTemporaryRedirect} }}}
	c, _ := a.client(t, nil)
	_, err := c.Trigger(t.Context(), "a", "")
	if e := failed(t, err, CodeUnavailable, 502); e.Ambiguous || a.count("Trigger") != 1 {
		t.Errorf("%+v", e)
	}
}
