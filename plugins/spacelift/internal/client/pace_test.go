package client

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPacing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{answers: map[string]func(seen, int) reply{"StackDetail": func(seen, int) reply {
			r := data("stack", `{"id":"a"}`)
			r.took = time.Second
			return r
		}}}
		c, _ := a.client(t, func(o *Options) { o.RequestsPerSecond, o.Burst, o.InFlight = 0, 0, 0 })
		started := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := c.Stack(t.Context(), "a"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		// Twenty of a second each, four at a time.
		if took := time.Since(started); took != 5*time.Second || a.busiest != 4 {
			t.Errorf("took %s, %d at once", took, a.busiest)
		}
		a.answers["StackDetail"] = nil
		time.Sleep(time.Minute)
		started = time.Now()
		for range 20 {
			_, err := c.Stack(t.Context(), "a")
			ok(t, nil, err)
		}
		if took := time.Since(started).Round(10 * time.Millisecond); took != 2*time.Second {
			t.Errorf("a burst of 10 and 10 more at 5 a second took %s", took)
		}
	})
}

// Who would wait beyond its deadline is told at once.
func TestPacingRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{}
		c, _ := a.client(t, func(o *Options) { o.RequestsPerSecond, o.Burst = 0.01, 2 })
		_, err := c.Stack(t.Context(), "a")
		ok(t, nil, err)
		started := time.Now()
		_, err = c.Stack(t.Context(), "a")
		if e := failed(t, err, CodeRateLimited, 503); e.RetryAfter <= 0 || time.Since(started) > 0 {
			t.Errorf("%+v after %s", e, time.Since(started))
		}
	})
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	limit := func(retryAfter string) func(seen, int) reply {
		return func(_ seen, n int) reply {
			if n == 1 {
				return reply{status: 429, retryAfter: retryAfter, body: "slow down"}
			}
			return data("stack", `{"id":"a"}`)
		}
	}
	t.Run("within the deadline", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := &account{answers: map[string]func(seen, int) reply{"StackDetail": limit("3")}}
			c, _ := a.client(t, nil)
			started := time.Now()
			_, err := c.Stack(t.Context(), "a")
			ok(t, nil, err)
			if took := time.Since(started); took != 3*time.Second {
				t.Errorf("took %s", took)
			}
		})
	})
	t.Run("beyond it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := &account{answers: map[string]func(seen, int) reply{"StackDetail": limit("")}}
			c, _ := a.client(t, nil)
			_, err := c.Stack(t.Context(), "a")
			if e := failed(t, err, CodeRateLimited, 503); e.RetryAfter != time.Minute {
				t.Errorf("retry after %s", e.RetryAfter)
			}
			if until := c.Status().RateLimitedUntil; !until.Equal(time.Now().Add(time.Minute)) {
				t.Errorf("limited until %s", until)
			}
			// Everybody waits: neither a mutation nor a probe goes out meanwhile.
			time.Sleep(20 * time.Second)
			n := a.total()
			_, err = c.Trigger(t.Context(), "a", "")
			if e := failed(t, err, CodeRateLimited, 503); e.RetryAfter != 40*time.Second || e.Ambiguous || a.total() != n {
				t.Errorf("%+v", e)
			}
			time.Sleep(15 * time.Second)
			started := time.Now()
			_, err = c.Trigger(t.Context(), "a", "")
			ok(t, nil, err)
			if took := time.Since(started); took != 25*time.Second {
				t.Errorf("a mutation that may wait waited %s", took)
			}
			if !c.Status().RateLimitedUntil.IsZero() {
				t.Error("still limited")
			}
		})
	})
	t.Run("mutation", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := &account{answers: map[string]func(seen, int) reply{"Trigger": func(seen, int) reply { return reply{status: 429, retryAfter: "2"} }}}
			c, _ := a.client(t, nil)
			_, err := c.Trigger(t.Context(), "a", "")
			if e := failed(t, err, CodeRateLimited, 503); e.Ambiguous || e.RetryAfter != 2*time.Second || a.count("Trigger") != 1 {
				t.Errorf("%+v", e)
			}
		})
	})
	t.Run("sweep", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := &account{answers: map[string]func(seen, int) reply{"StacksPage": func(_ seen, n int) reply {
				if n == 1 {
					return reply{status: 429}
				}
				return data("searchStacks", `{"edges":[{"node":{"id":"a"}}]}`)
			}}}
			c, _ := a.client(t, nil)
			started := time.Now()
			ok(t, nil, c.Sweep(t.Context(), func([]Stack) error { return nil }))
			if took := time.Since(started); took != time.Minute {
				t.Errorf("took %s", took)
			}
		})
	})
	t.Run("without end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := &account{answers: map[string]func(seen, int) reply{"StackDetail": func(seen, int) reply { return reply{status: 429, retryAfter: "0"} }}}
			c, _ := a.client(t, nil)
			_, err := c.Stack(t.Context(), "a")
			failed(t, err, CodeRateLimited, 503)
			if n := a.count("StackDetail"); n > 11 {
				t.Errorf("%d requests in ten seconds", n)
			}
		})
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": time.Minute, "5": 5 * time.Second, " 5 ": 5 * time.Second, "0": time.Second, "-3": time.Second, "soon": time.Minute,
		"86400": 10 * time.Minute, "99999999999999999999": time.Minute, "Fri, 01 May 2026 12:00:30 GMT": 30 * time.Second, "Fri, 01 May 2020 12:00:30 GMT": time.Second,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	outages := map[string]struct {
		reply  reply
		status int
	}{
		"500": {reply{status: 500, body: "<html>"}, 502}, "502": {reply{status: 502}, 502}, "503": {reply{status: 503, body: "{}"}, 502},
		"504": {reply{status: 504}, 504}, "html": {reply{body: "<!doctype html><title>Sign in</title>"}, 502}, "empty": {reply{}, 502},
		"cut": {reply{body: `{"data":{"sta`}, 502}, "no graphql": {reply{body: `{"ok":true}`}, 502}, "array": {reply{body: `[]`}, 502},
		"network": {reply{err: errors.New("connection reset by peer")}, 502}, "its own fault": {refuse("internal server error"), 502},
	}
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				always := func(seen, int) reply { return outage.reply }
				a := &account{answers: map[string]func(seen, int) reply{"StackDetail": always, "Trigger": always, "StackRuns": func(r seen, n int) reply {
					if n < 3 {
						return outage.reply
					}
					return data("stack", `{"id":"a","list":[{"id":"r"}]}`)
				}}}
				c, _ := a.client(t, nil)
				started := time.Now()
				_, err := c.Stack(t.Context(), "a")
				e := failed(t, err, CodeUnavailable, outage.status)
				if took := time.Since(started); e.Ambiguous || a.count("StackDetail") != 3 || took < 700*time.Millisecond || took > 1500*time.Millisecond {
					t.Errorf("%d tries in %s, %+v", a.count("StackDetail"), took, e)
				}
				_, err = c.Trigger(t.Context(), "a", "")
				e = failed(t, err, CodeUnavailable, outage.status)
				if !e.Ambiguous || a.count("Trigger") != 1 {
					t.Errorf("%d tries, %+v", a.count("Trigger"), e)
				}
				runs, err := c.Runs(t.Context(), "a", Tracked, "")
				if ok(t, runs, err); len(runs) != 1 {
					t.Errorf("%v", runs)
				}
			})
		})
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := func(seen, int) reply { return reply{took: time.Hour} }
		a := &account{answers: map[string]func(seen, int) reply{"StackDetail": hang, "Trigger": hang, "StacksPage": hang}}
		c, _ := a.client(t, nil)
		tests := []struct {
			name      string
			ask       func() error
			took      time.Duration
			tries     int
			ambiguous bool
		}{
			{"StackDetail", func() error { _, err := c.Stack(t.Context(), "a"); return err }, 10 * time.Second, 1, false},
			{"Trigger", func() error { _, err := c.Trigger(t.Context(), "a", ""); return err }, 30 * time.Second, 1, true},
			{"StacksPage", func() error { return c.Sweep(t.Context(), nil) }, 31 * time.Second, 3, false},
		}
		for _, test := range tests {
			started := time.Now()
			e := failed(t, test.ask(), CodeUnavailable, 504)
			if took := time.Since(started); took.Round(time.Second) != test.took.Round(time.Second) && took.Truncate(time.Second) != test.took || a.count(test.name) != test.tries || e.Ambiguous != test.ambiguous {
				t.Errorf("%s: %d tries took %s: %+v", test.name, a.count(test.name), took, e)
			}
			if e.Err == nil || e.Err.Error() != "no answer within "+min(test.took, 30*time.Second).String() && test.tries == 1 {
				t.Errorf("%s: the cause is %v", test.name, e.Err)
			}
		}
	})
}

func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{answers: map[string]func(seen, int) reply{"Trigger": func(seen, int) reply { return reply{took: time.Hour} }}}
		c, _ := a.client(t, func(o *Options) { o.BreakerFailures = 1 })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := c.Trigger(ctx, "a", "")
		if e := failed(t, err, CodeUnavailable, 504); !e.Ambiguous || !errors.Is(&e, context.Canceled) {
			t.Errorf("%+v", e)
		}
		if s := c.Status().Breaker; s != "closed" {
			t.Errorf("the breaker is %s because a caller left", s)
		}
	})
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := true
		answer := func(seen, int) reply {
			if down {
				return reply{status: 503}
			}
			return data("stack", `{"id":"a"}`)
		}
		a := &account{answers: map[string]func(seen, int) reply{
			"StackDetail": answer, "Trigger": func(seen, int) reply { return refuse("stack is locked") },
		}}
		c, _ := a.client(t, func(o *Options) { o.BreakerFailures = 0 })
		for range 20 {
			_, err := c.Trigger(t.Context(), "a", "")
			if e := failed(t, err, CodeRejected, 409); e.Message != "stack is locked" || e.Ambiguous {
				t.Errorf("%+v", e)
			}
		}
		if s := c.Status().Breaker; s != "closed" {
			t.Fatalf("the breaker is %s because of refusals", s)
		}
		for range 2 {
			_, err := c.Stack(t.Context(), "a")
			failed(t, err, CodeUnavailable, 502)
		}
		if s, n := c.Status().Breaker, a.count("StackDetail"); s != "open" || n != 5 {
			t.Fatalf("the breaker is %s after %d failures", s, n)
		}
		n, started := a.total(), time.Now()
		_, err := c.Trigger(t.Context(), "a", "")
		e := failed(t, err, CodeUnavailable, 502)
		if e.Ambiguous || a.total() != n || time.Since(started) > 0 || e.RetryAfter <= 0 || e.RetryAfter > 15*time.Second {
			t.Errorf("%+v", e)
		}
		// One probe, which fails; then one that does not.
		time.Sleep(15 * time.Second)
		_, err = c.Stack(t.Context(), "a")
		failed(t, err, CodeUnavailable, 502)
		if a.total() != n+1 || c.Status().Breaker != "open" {
			t.Errorf("%d probes, the breaker is %s", a.total()-n, c.Status().Breaker)
		}
		down = false
		time.Sleep(15 * time.Second)
		_, err = c.Stack(t.Context(), "a")
		if ok(t, nil, err); c.Status().Breaker != "closed" {
			t.Errorf("the breaker is %s", c.Status().Breaker)
		}
	})
}

// A probe whose caller leaves must not keep the breaker half open for good.
func TestBreakerProbeIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &account{}
		c, _ := a.client(t, nil)
		_, err := c.Stack(t.Context(), "a")
		ok(t, nil, err)
		a.answers = map[string]func(seen, int) reply{"StackDetail": func(seen, int) reply { return reply{took: time.Hour} }}
		c.breaker.circuit.HalfOpen()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = c.Stack(ctx, "a")
		failed(t, err, CodeUnavailable, 504)
		a.answers = nil
		time.Sleep(15 * time.Second)
		_, err = c.Stack(t.Context(), "a")
		ok(t, nil, err)
	})
}
