package rely_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/rely"
)

func TestFaultRules(t *testing.T) {
	t.Parallel()
	const one = `{"id":"a","blueprintId":"service","title":"T"}`
	for _, c := range []struct {
		name, rules string
		// asked are the statuses of the same write, over and over; 0 is a connection that was cut.
		asked  []int
		stored bool
	}{
		{"status", `[{match: {method: PUT, path: /api/v1/entities/*}, action: {status: 503}}]`, []int{503, 503}, false},
		{"other path", `[{match: {path: /api/v1/tasks}, action: {status: 503}}]`, []int{200}, true},
		{"other method", `[{match: {method: GET}, action: {status: 503}}]`, []int{200}, true},
		{"glob", `[{match: {path: /api/**}, action: {status: 500}}]`, []int{500}, false},
		{"times", `[{match: {}, action: {status: 500}, times: 2}]`, []int{500, 500, 200}, true},
		{"nth", `[{match: {nth: 2}, action: {status: 500}}]`, []int{200, 500, 200}, true},
		{"token", `[{match: {token: simulator-token}, action: {status: 500}}]`, []int{500}, false},
		{"other token", `[{match: {token: another}, action: {status: 500}}]`, []int{200}, true},
		{"entity", `[{match: {entity: a}, action: {status: 500}}]`, []int{500}, false},
		{"other entity", `[{match: {entity: b}, action: {status: 500}}]`, []int{200}, true},
		{"order", `[{match: {}, action: {status: 500}, times: 1}, {match: {}, action: {status: 502}, times: 1}]`, []int{500, 502, 200}, true},
		{"close before", `[{match: {}, action: {close: before-apply}}]`, []int{0}, false},
		{"close after", `[{match: {}, action: {close: after-apply}}]`, []int{0}, true},
		{"truncate", `[{match: {}, action: {truncate: true}}]`, []int{0}, true},
		{"html", `[{match: {}, action: {html: true}}]`, []int{502}, false},
		{"html as a good answer", `[{match: {}, action: {html: true, status: 200}}]`, []int{200}, false},
		{"drip", `[{match: {}, action: {drip: 1us}}]`, []int{200}, true},
		{"reject", `[{match: {entity: a}, action: {reject: no}}]`, []int{422}, false},
		{"revoke", `[{match: {nth: 2}, action: {revokeToken: true}}]`, []int{200, 401, 401}, true},
		{"slow", `[{match: {}, action: {latency: 10ms}}]`, []int{200}, true},
		{"JSON", `[{"match":{},"action":{"status":418,"body":"{}"}}]`, []int{418}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sim, user := start(t)
			sim.Faults(c.rules)
			for i, want := range c.asked {
				status, _, _, err := user.try("PUT", "/api/v1/entities/a", one)
				if err != nil {
					status = 0
				}
				if status != want {
					t.Fatalf("request %d: %d, want %d", i+1, status, want)
				}
			}
			if _, stored := sim.Entity("a"); stored != c.stored {
				t.Errorf("stored: %v", stored)
			}
			if got := sim.Stats().Requests; got != len(c.asked) {
				t.Errorf("%d requests are counted, of %d", got, len(c.asked))
			}
		})
	}
}

func TestFaultHeadersAndLatency(t *testing.T) {
	t.Parallel()
	var slept time.Duration
	var mu sync.Mutex
	sim, c := start(t, func(o *rely.Options) {
		o.Limits = &rely.Limits{ServerTime: rely.Duration(30 * time.Second)}
		o.Sleep = func(_ context.Context, d time.Duration) { mu.Lock(); slept += d; mu.Unlock() }
	})
	sim.Faults(`[
		{match: {nth: 1}, action: {headers: {X-Sim: "yes"}, latency: 5s}},
		{match: {nth: 1}, action: {latency: 31s}},
		{match: {nth: 1}, action: {status: 503, headers: {Retry-After: "7"}}}]`)
	if _, _, h := c.do("GET", "/api/v1/entities", nil); h.Get("X-Sim") != "yes" || slept != 5*time.Second {
		t.Errorf("headers %v after %v", h, slept)
	}
	c.want(504, "Gateway Timeout", "GET", "/api/v1/entities", nil)
	if slept != 35*time.Second {
		t.Errorf("slept %v: the server waits no longer than its own limit", slept)
	}
	if _, _, h := c.do("GET", "/api/v1/entities", nil); h.Get("Retry-After") != "7" {
		t.Errorf("headers: %v", h)
	}
	c.want(200, "", "GET", "/api/v1/entities", nil)
	if s := sim.Stats(); s.Early != 1 {
		t.Errorf("the request within the 7 s counts as early: %+v", s)
	}
}

func TestFaultyTasks(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	post := func(id string) string {
		return taskOf(t, c.want(201, "created", "POST", "/api/v1/tasks", task(service(id))))
	}
	sim.Faults(`[{match: {entity: bad}, action: {task: fail}}, {match: {entity: slow}, action: {task: stuck}}, {match: {entity: gone}, action: {task: lost}}]`)

	c.want(200, `"status":"failed","error":{"type":"EntityValidationError","message":"Entity bad: rejected"}`, "GET", "/api/v1/tasks/"+post("bad"), nil)
	stuck := post("slow")
	sim.Advance(30 * time.Minute)
	c.want(200, `"running"`, "GET", "/api/v1/tasks/"+stuck, nil)
	c.want(404, "not found", "GET", "/api/v1/tasks/"+post("gone"), nil)
	c.want(200, "success", "GET", "/api/v1/tasks/"+post("good"), nil)
	if ids := sim.IDs(); len(ids) != 1 || ids[0] != "good" {
		t.Errorf("stored: %v", ids)
	}
}

func TestProbabilityIsSeeded(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (out string) {
		sim, c := start(t, func(o *rely.Options) { o.Seed = seed })
		sim.Faults(`[{match: {p: 0.5}, action: {status: 503}}]`)
		for range 32 {
			status, _, _ := c.do("GET", "/api/v1/entities", nil)
			out += string(rune('0' + status/100))
		}
		return out
	}
	first := run(1)
	if again := run(1); again != first {
		t.Errorf("%s and %s from one seed", first, again)
	}
	if other := run(2); other == first {
		t.Errorf("%s from two seeds", first)
	}
}

func TestBadFaultsAreRefused(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	for _, bad := range []string{
		`[{action: {close: later}}]`, `[{action: {task: explode}}]`, `[{match: {p: 2}}]`, `[{match: {path: "["}}]`, `[{action: {status: 42}}]`,
		`[{match: {pth: x}}]`, `{`, `[{action: {latency: soon}}]`, `[{times: -1}]`,
	} {
		if status, text, _ := c.do(http.MethodPut, "/_sim/faults", bad); status != 400 {
			t.Errorf("%s: %d %s", bad, status, text)
		}
	}
	if err := sim.SetFaults(rely.Fault{Action: rely.Action{Status: 1}}); err == nil {
		t.Error("status 1 was taken")
	}
}
