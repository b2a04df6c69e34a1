package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// failed takes an error of the client apart: it is of that code and status.
func failed(t *testing.T, err error, code Code, status int) Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error is %v, want %s", err, code)
	}
	if e.Code != code || e.Status != status {
		t.Errorf("error is %s %d (%s), want %s %d", e.Code, e.Status, e.Message, code, status)
	}
	return *e
}

func ok(t *testing.T, _ any, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	for life, renewed := range map[time.Duration]time.Duration{time.Hour: time.Hour - 30*time.Second, time.Minute: 40 * time.Second} {
		t.Run(life.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &account{life: life}
				c, _ := a.client(t, nil)
				_, err := c.Viewer(t.Context())
				ok(t, nil, err)
				if s := c.Status(); !s.TokenValid || !s.TokenExpires.Equal(time.Now().Add(life)) {
					t.Errorf("status %+v", s)
				}
				time.Sleep(renewed - time.Second)
				_, err = c.Viewer(t.Context())
				ok(t, nil, err)
				if n := a.count("Exchange"); n != 1 {
					t.Fatalf("%d exchanges before the time", n)
				}
				time.Sleep(time.Second + time.Millisecond)
				_, err = c.Viewer(t.Context())
				ok(t, nil, err)
				synctest.Wait()
				if n := a.count("Exchange"); n != 2 {
					t.Errorf("%d exchanges, want 2", n)
				}
			})
		})
	}
}

// Nobody waits for a new token while the old one lives, and an exchange that fails then harms nobody.
func TestOldTokenServesWhileItLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{}
		c, _ := a.client(t, nil)
		_, err := c.Viewer(t.Context())
		ok(t, nil, err)
		a.answers = map[string]func(seen, int) reply{"Exchange": func(seen, int) reply { return reply{status: 503, took: time.Second} }}
		time.Sleep(time.Hour - 20*time.Second)
		before := time.Now()
		_, err = c.Viewer(t.Context())
		ok(t, nil, err)
		if time.Since(before) > 0 {
			t.Errorf("waited %s", time.Since(before))
		}
		time.Sleep(20 * time.Second)
		_, err = c.Viewer(t.Context())
		failed(t, err, CodeUnavailable, 502)
	})
}

func TestHundredCallersOneExchange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{}
		c, _ := a.client(t, nil)
		_, err := c.Viewer(t.Context())
		ok(t, nil, err)
		a.answers = map[string]func(seen, int) reply{"Exchange": nil}
		time.Sleep(2 * time.Hour)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if _, err := c.Stack(t.Context(), "a"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := a.count("Exchange"); n != 2 {
			t.Errorf("%d exchanges for 100 callers", n-1)
		}
	})
}

// One caller's end is not the end of the exchange that others wait for.
func TestExchangeOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{}
		issue := func(r seen, n int) reply {
			rep := data("apiKeyUser", fmt.Sprintf(`{"jwt":"x","validUntil":%d}`, time.Now().Add(time.Hour).Unix()))
			rep.took = 2 * time.Second
			return rep
		}
		a.answers = map[string]func(seen, int) reply{"Exchange": issue}
		c, _ := a.client(t, nil)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := c.Viewer(short)
			if e := failed(t, err, CodeUnavailable, 504); !errors.Is(&e, context.DeadlineExceeded) {
				t.Errorf("cause is %v", e.Err)
			}
		})
		synctest.Wait()
		_, err := c.Viewer(t.Context())
		ok(t, nil, err)
		wg.Wait()
		if n := a.count("Exchange"); n != 1 {
			t.Errorf("%d exchanges", n)
		}
	})
}

func TestRefusedKeyIsLeftAlone(t *testing.T) {
	t.Parallel()
	refusals := map[string]reply{
		"null": data("apiKeyUser", "null"), "unauthorized": refuse("unauthorized"), "other": refuse("no such key"),
		"401": {status: 401}, "403": {status: 403}, "no token": data("apiKeyUser", `{"id":"k"}`),
	}
	for name, refusal := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &account{answers: map[string]func(seen, int) reply{"Exchange": func(seen, int) reply { return refusal }}}
				secret := keySecret
				c, _ := a.client(t, func(o *Options) {
					o.Secret = func(context.Context) (config.Secret, error) { return config.NewSecret(secret), nil }
				})
				started := time.Now()
				var pauses []time.Duration
				last := started
				for time.Since(started) < 20*time.Minute {
					n := a.total()
					_, err := c.Stack(t.Context(), "a")
					e := failed(t, err, CodeAuth, 503)
					if e.RetryAfter <= 0 || e.RetryAfter > 5*time.Minute {
						t.Fatalf("retry after %s", e.RetryAfter)
					}
					if a.total() > n {
						pauses = append(pauses, time.Since(last).Round(time.Second))
						last = time.Now()
					}
					time.Sleep(time.Second)
				}
				if got := fmt.Sprint(pauses); got != "[0s 1m0s 2m0s 4m0s 5m0s 5m0s]" {
					t.Errorf("asked after %s", got)
				}
				// A new secret is no reason to wait.
				secret = "another"
				a.mu.Lock()
				a.answers = nil
				a.mu.Unlock()
				_, err := c.Stack(t.Context(), "a")
				ok(t, nil, err)
			})
		})
	}
}

func TestSecretThatCannotBeRead(t *testing.T) {
	t.Parallel()
	a := &account{}
	c, log := a.client(t, func(o *Options) {
		o.Secret = func(context.Context) (config.Secret, error) {
			return config.Secret{}, errors.New("content: " + keySecret)
		}
	})
	_, err := c.Viewer(t.Context())
	e := failed(t, err, CodeAuth, 503)
	if a.total() > 0 || strings.Contains(fmt.Sprintf("%v %+v %s", &e, e, log), keySecret) {
		t.Errorf("%d requests, %+v", a.total(), e)
	}
}

// unauthorized of a token that is nobody's: a new token, and once more; for mutations as well.
func TestExpiredTokenIsReplaced(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*Client) error{
		"query":    func(c *Client) error { _, err := c.Stack(t.Context(), "a"); return err },
		"viewer":   func(c *Client) error { _, err := c.Viewer(t.Context()); return err },
		"mutation": func(c *Client) error { _, err := c.Trigger(t.Context(), "a", ""); return err },
		"list": func(c *Client) error {
			n := 0
			err := c.Sweep(t.Context(), func(s []Stack) error { n += len(s); return nil })
			if err == nil && n != 1 {
				return fmt.Errorf("an expired token's empty list was believed: %d stacks", n)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &account{}
			c, _ := a.client(t, nil)
			ok(t, nil, ask(c))
			a.expire()
			ok(t, nil, ask(c))
			if n := a.count("Exchange"); n != 2 {
				t.Errorf("%d exchanges", n)
			}
		})
	}
}

func TestTokenThatIsNobodysFromTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{answers: map[string]func(seen, int) reply{
			"Viewer": func(seen, int) reply { return data("viewer", "null") }, "StackDetail": func(seen, int) reply { return refuse("unauthorized") },
		}}
		c, _ := a.client(t, nil)
		_, err := c.Stack(t.Context(), "a")
		e := failed(t, err, CodeAuth, 503)
		if e.RetryAfter != 5*time.Second || a.count("Exchange") != 2 {
			t.Errorf("retry after %s, %d exchanges", e.RetryAfter, a.count("Exchange"))
		}
		n := a.total()
		_, err = c.Viewer(t.Context())
		failed(t, err, CodeAuth, 503)
		if a.total() != n {
			t.Error("asked although the key is left alone")
		}
	})
}

func TestDenied(t *testing.T) {
	t.Parallel()
	a := &account{answers: map[string]func(seen, int) reply{"Trigger": func(seen, int) reply { return refuse("mutation: Unauthorized") }}}
	c, _ := a.client(t, nil)
	_, err := c.Trigger(t.Context(), "a", "")
	if e := failed(t, err, CodeForbidden, 403); e.Ambiguous || a.count("Exchange") != 1 || a.count("Trigger") != 1 || a.count("Viewer") != 1 {
		t.Errorf("%+v after %d requests", e, a.total())
	}
}

func TestTokenRefusedAsSuch(t *testing.T) {
	t.Parallel()
	a := &account{answers: map[string]func(seen, int) reply{"Trigger": func(_ seen, n int) reply {
		if n == 1 {
			return reply{status: 401, body: "no"}
		}
		return data("runTrigger", `{"id":"r"}`)
	}}}
	c, _ := a.client(t, nil)
	run, err := c.Trigger(t.Context(), "a", "")
	ok(t, run, err)
	if a.count("Exchange") != 2 || a.count("Viewer") != 0 || a.last("Trigger").token == "" {
		t.Errorf("%d exchanges", a.count("Exchange"))
	}
	a.answers["Trigger"] = func(seen, int) reply { return reply{status: 401} }
	_, err = c.Trigger(t.Context(), "a", "")
	if e := failed(t, err, CodeAuth, 503); e.Ambiguous {
		t.Error("ambiguous, although nothing was executed")
	}
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	a := &account{answers: map[string]func(seen, int) reply{
		"StackDetail": func(seen, int) reply { return data("stack", "null") },
		"StackRun":    func(seen, int) reply { return data("stack", `{"id":"a","run":null}`) },
		"StackRuns":   func(seen, int) reply { return data("stack", "null") },
		"Trigger":     func(seen, int) reply { return refuse("stack not found") },
	}}
	c, _ := a.client(t, nil)
	_, err := c.Stack(t.Context(), "a")
	failed(t, err, CodeNotFound, 404)
	_, err = c.Run(t.Context(), "a", "r")
	failed(t, err, CodeNotFound, 404)
	_, err = c.Runs(t.Context(), "a", Tracked, "")
	failed(t, err, CodeNotFound, 404)
	_, err = c.Trigger(t.Context(), "a", "")
	failed(t, err, CodeNotFound, 404)
	if n := a.count("Viewer"); n != 2 {
		t.Errorf("%d proofs that the token lives, want one for each stack that is null", n)
	}
}

func TestOlderSchema(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old := func(r seen, _ int) reply {
			switch {
			case strings.Contains(r.query, "runnerImage"):
				return refuse(`Cannot query field "runnerImage" on type "Stack".`)
			case strings.Contains(r.query, "createdAt"):
				return refuse(`Cannot query field "createdAt" on type "Run".`)
			case r.operation == "Trigger":
				return data("runTrigger", `{"id":"r","state":"QUEUED"}`)
			}
			return data("stack", `{"id":"a"}`)
		}
		a := &account{answers: map[string]func(seen, int) reply{"StackDetail": old, "Trigger": old}}
		c, log := a.client(t, nil)
		for range 3 {
			_, err := c.Stack(t.Context(), "a")
			ok(t, nil, err)
			_, err = c.Trigger(t.Context(), "a", "")
			ok(t, nil, err)
		}
		if a.count("StackDetail") != 4 || a.count("Trigger") != 4 || strings.Count(log.String(), "schema is older") != 2 {
			t.Errorf("%d and %d requests, log:\n%s", a.count("StackDetail"), a.count("Trigger"), log)
		}
		time.Sleep(time.Hour)
		a.answers["StackDetail"] = func(r seen, _ int) reply {
			if !strings.Contains(r.query, "runnerImage") {
				t.Error("an upgraded Spacelift is still asked for less")
			}
			return data("stack", `{"id":"a"}`)
		}
		_, err := c.Stack(t.Context(), "a")
		ok(t, nil, err)
		a.answers["StackDetail"] = func(seen, int) reply { return refuse(`Unknown argument "id" on field "Query.stack".`) }
		_, err = c.Stack(t.Context(), "a")
		failed(t, err, CodeSchema, 502)
	})
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	a := &account{}
	c, _ := a.client(t, nil)
	_, err := c.Trigger(t.Context(), "a", "understudy user:default/jäne\r\nX-Evil: 1 \U0001F680 \"why\"")
	ok(t, nil, err)
	h := a.last("Trigger").header
	for name, want := range map[string]string{
		"Spacelift-Client-Type": "understudy", "Spacelift-GraphQL-Mutation": "Trigger", "Content-Type": "application/json",
		"Spacelift-User-Provided-Run-Metadata": `understudy user:default/j\u00e4ne  X-Evil: 1 \U0001f680 "why"`,
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	_, err = c.Stack(t.Context(), "a")
	ok(t, nil, err)
	if h := a.last("StackDetail").header; h.Get("Spacelift-GraphQL-Query") != "StackDetail" || h.Get("Spacelift-User-Provided-Run-Metadata") != "" {
		t.Errorf("%v", h)
	}
	if got := headerText(strings.Repeat("ü", 5000)); len(got) > 1100 {
		t.Errorf("%d bytes", len(got))
	}
}
