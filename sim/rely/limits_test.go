package rely_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/rely"
)

// hand is a clock that tests move.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func newHand() *hand { return &hand{now: time.Date(2026, 11, 2, 8, 0, 0, 300e6, time.UTC)} }

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) Move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func TestRate(t *testing.T) {
	t.Parallel()
	clock := newHand()
	sim, c := start(t, func(o *rely.Options) { o.Now = clock.Now; o.Limits = &rely.Limits{RatePerMinute: 60, Burst: 3} })
	ask := func() (int, string) {
		status, _, h := c.do("GET", "/api/v1/entities", nil)
		return status, h.Get("Retry-After")
	}
	for range 3 {
		if status, _ := ask(); status != 200 {
			t.Fatalf("within the burst: %d", status)
		}
	}
	if status, after := ask(); status != 429 || after != "1" {
		t.Errorf("beyond it: %d, Retry-After %q; want seconds first", status, after)
	}
	status, after := ask()
	at, err := http.ParseTime(after)
	if status != 429 || err != nil || at.Before(clock.Now().Add(time.Second)) {
		t.Errorf("the second refusal: %d, Retry-After %q (%v); want a date, not earlier than allowed", status, after, err)
	}
	if s := sim.Stats(); s.Early != 1 || s.Limited != 2 {
		t.Errorf("early %d, limited %d; want 1, 2", s.Early, s.Limited)
	}
	clock.Move(2 * time.Second)
	if status, _ := ask(); status != 200 {
		t.Errorf("after the wait: %d", status)
	}
	if s := sim.Stats(); s.Early != 1 {
		t.Errorf("early %d after the wait", s.Early)
	}
	other, err := sim.CreateToken(rely.APIToken{User: "another"})
	if err != nil {
		t.Fatal(err)
	}
	client{t, sim.URL, other.Value}.want(200, "", "GET", "/api/v1/entities", nil)
}

func TestSizes(t *testing.T) {
	t.Parallel()
	_, c := start(t, func(o *rely.Options) { o.Limits = &rely.Limits{MaxBytes: 2000, MaxEntities: 3} })
	small := task(service("a"))
	large := task(service("a", `"description":"`+strings.Repeat("x", 3000)+`"`))
	noise := make([]byte, 3000)
	for i := range noise {
		noise[i] = byte(i*i*31 + i>>3)
	}
	for _, v := range []struct {
		name   string
		body   []byte
		status int
		header []string
	}{
		{"small", []byte(small), 201, nil},
		{"small, compressed", zip(t, small), 201, []string{"Content-Encoding", "gzip"}},
		{"large", []byte(large), 413, nil},
		{"large, though not compressed", zip(t, large), 413, []string{"Content-Encoding", "gzip"}},
		{"large when compressed", noise, 413, []string{"Content-Encoding", "gzip"}},
		{"compressed without the header", zip(t, small), 400, nil},
		{"header without compression", []byte(small), 400, []string{"Content-Encoding", "gzip"}},
		{"another encoding", []byte(small), 415, []string{"Content-Encoding", "br"}},
		{"no JSON", []byte(`{"type":`), 422, nil},
		{"another type", []byte(small), 422, []string{"Content-Type", "text/plain"}},
		{"too many", []byte(task(service("a"), service("b"), service("c"), service("d"))), 422, nil},
	} {
		status, text, _ := c.do("POST", "/api/v1/tasks", v.body, v.header...)
		if status != v.status {
			t.Errorf("%s: %d %s, want %d", v.name, status, text, v.status)
		}
		if v.name == "too many" && !strings.Contains(text, `"type":"too_long"`) {
			t.Errorf("%s: %s", v.name, text)
		}
	}
}

func zip(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTaskLife(t *testing.T) {
	t.Parallel()
	clock := newHand()
	timers := rely.DefaultTimers()
	timers.Workers = 1
	sim, c := start(t, func(o *rely.Options) { o.Now = clock.Now; o.Timers = &timers; o.Limits = &rely.Limits{OpenTasks: 2} })
	first := taskOf(t, c.want(201, "created", "POST", "/api/v1/tasks", task(service("a"), service("b"))))
	second := taskOf(t, c.want(201, "created", "POST", "/api/v1/tasks", task(service("c"))))
	status, _, h := c.do("POST", "/api/v1/tasks", task(service("d")))
	if status != 429 || h.Get("Retry-After") != "1" {
		t.Errorf("a third open task: %d, Retry-After %q", status, h.Get("Retry-After"))
	}
	for _, step := range []struct {
		by    time.Duration
		state [2]string
	}{
		{199 * time.Millisecond, [2]string{"created", "created"}},
		{1 * time.Millisecond, [2]string{"running", "created"}},
		{309 * time.Millisecond, [2]string{"running", "created"}},
		{1 * time.Millisecond, [2]string{"success", "running"}}, // 300 + 2*5 ms; the one worker takes the second
		{305 * time.Millisecond, [2]string{"success", "success"}},
	} {
		sim.Advance(step.by)
		for i, id := range []string{first, second} {
			c.want(200, `"status":"`+step.state[i]+`"`, "GET", "/api/v1/tasks/"+id, nil)
		}
	}
	clock.Move(59 * time.Minute)
	c.want(200, "success", "GET", "/api/v1/tasks/"+first, nil)
	clock.Move(2 * time.Minute)
	c.want(404, "Task with id "+first+" not found", "GET", "/api/v1/tasks/"+first, nil)
}

func TestSpeed(t *testing.T) {
	t.Parallel()
	clock := newHand()
	timers := rely.DefaultTimers()
	_, c := start(t, func(o *rely.Options) { o.Now = clock.Now; o.Timers = &timers; o.Speed = 10 })
	id := taskOf(t, c.want(201, "created", "POST", "/api/v1/tasks", task(service("a"))))
	clock.Move(50 * time.Millisecond)
	c.want(200, "running", "GET", "/api/v1/tasks/"+id, nil)
	clock.Move(time.Millisecond)
	c.want(200, "success", "GET", "/api/v1/tasks/"+id, nil)
}

func TestDeterminism(t *testing.T) {
	t.Parallel()
	run := func() string {
		clock := newHand()
		timers := rely.DefaultTimers()
		sim, c := start(t, func(o *rely.Options) { o.Now = clock.Now; o.Timers = &timers; o.Seed = 7 })
		sim.Faults(`[{match: {method: POST, p: 0.3}, action: {close: after-apply}}]`)
		var said strings.Builder
		for i := range 30 {
			status, text, _, _ := c.try("POST", "/api/v1/tasks", task(service(fmt.Sprintf("e%d", i)), service("shared", fmt.Sprintf(`"description":"%d"`, i))))
			fmt.Fprintln(&said, status, text)
			clock.Move(100 * time.Millisecond)
		}
		clock.Move(time.Hour)
		shared, _ := sim.Entity("shared")
		return said.String() + string(shared) + sim.Digest()
	}
	if a, b := run(), run(); a != b {
		t.Errorf("two runs differ:\n%s\n%s", a, b)
	}
}
