package schedule

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/understudy-portal/understudy/host/config"
)

// bubble is a scheduler on a store in memory, on the clock of the test's bubble.
type bubble struct {
	*Scheduler
	*memory
	t    *testing.T
	stop func() error
}

// inBubble runs test beside a scheduler with the given tasks.
func inBubble(t *testing.T, opts Options, test func(b *bubble), tasks ...Task) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		opts.Plugin, opts.Location = "test", time.UTC
		opts.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
		b := &bubble{Scheduler: New(opts), memory: newMemory(), t: t}
		b.store = b.memory
		for _, task := range tasks {
			if err := b.Add(task); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		b.stop = func() error {
			cancel()
			return <-ended
		}
		synctest.Wait()
		test(b)
		cancel()
	})
}

// pass lets so much time go by.
func (b *bubble) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *bubble) worker(id string) string {
	b.t.Helper()
	all, err := b.Tasks(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range all {
		if s.TaskID == id && s.Worker != nil {
			return s.Worker.Status
		}
	}
	return ""
}

// recorder is a task that notes its starts, in seconds since the bubble's beginning, and takes some time.
type recorder struct {
	takes time.Duration

	mu     sync.Mutex // guards what follows
	starts []float64
	err    error // what runs return
	cause  error // why the last run was cut short, and when
	ended  time.Time
}

func (r *recorder) run(ctx context.Context) error {
	// A bubble's clock begins at midnight UTC of the first of January 2000.
	began := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	r.mu.Lock()
	r.starts = append(r.starts, time.Since(began).Seconds())
	r.mu.Unlock()
	select {
	case <-time.After(r.takes):
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = time.Now()
	if r.cause = context.Cause(ctx); r.cause != nil {
		return ctx.Err()
	}
	return r.err
}

func (r *recorder) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *recorder) end() (at time.Time, cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended, r.cause
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.starts)
}

func (r *recorder) want(t *testing.T, starts ...float64) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.starts, starts) {
		t.Errorf("ran at %v, want %v", r.starts, starts)
	}
}

func timed(s config.Schedule, timeout time.Duration) config.Schedule {
	s.Timeout = config.Duration(timeout)
	return s
}

func TestNothingDrifts(t *testing.T) {
	r := &recorder{takes: 700 * time.Millisecond}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(45 * time.Second)
		r.want(t, 0, 10, 20, 30, 40)
	}, Task{ID: "a", Schedule: every(10 * time.Second), Run: r.run})
}

func TestARunThatTakesTooLongIsFollowedByOneAtOnce(t *testing.T) {
	r := &recorder{takes: 15 * time.Second}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(61 * time.Second)
		r.want(t, 0, 15, 30, 45, 60)
	}, Task{ID: "a", Schedule: every(10 * time.Second), Run: r.run})
}

func TestCronRunsAtItsTimes(t *testing.T) {
	r := &recorder{takes: time.Second}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(130 * time.Second)
		r.want(t, 30, 60, 90, 120)
	}, Task{ID: "a", Schedule: timed(config.Schedule{Cron: "*/30 * * * * *"}, time.Minute), Run: r.run})
}

func TestInitialDelay(t *testing.T) {
	r := &recorder{}
	s := every(time.Minute)
	s.InitialDelay = config.Duration(7 * time.Second)
	inBubble(t, Options{}, func(b *bubble) {
		if got := b.worker("a"); got != initialWait {
			t.Errorf("the worker is %q", got)
		}
		b.pass(8 * time.Second)
		if got := b.worker("a"); got != idle {
			t.Errorf("the worker is %q", got)
		}
		r.want(t, 7)
	}, Task{ID: "a", Schedule: s, Run: r.run})
}

func TestManualTasksWaitForATrigger(t *testing.T) {
	r := &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(time.Hour)
		r.want(t)
		if err := b.Trigger(t.Context(), "a"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		r.want(t, 3600) // at once, since this process was asked
		b.pass(time.Hour)
		r.want(t, 3600)
	}, Task{ID: "a", Schedule: timed(config.Schedule{Manual: true}, time.Minute), Run: r.run})
}

func TestATriggerElsewhereIsSeenWithinThePollInterval(t *testing.T) {
	r := &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(time.Minute)
		if done, err := b.trigger(t.Context(), "a"); err != nil || !done {
			t.Fatal(done, err)
		}
		b.pass(pollMost)
		if n := r.count(); n != 1 {
			t.Errorf("%d runs", n)
		}
	}, Task{ID: "a", Schedule: timed(config.Schedule{Manual: true}, time.Minute), Run: r.run})
}

func TestAddWhileRunning(t *testing.T) {
	r := &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(2 * time.Second)
		if err := b.Add(Task{ID: "late", Schedule: every(time.Minute), Run: r.run}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.want(t, 2)
	})
}

func TestFailuresAreRecordedAndChangeNothingElse(t *testing.T) {
	r := &recorder{err: errors.New("no luck")}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(11 * time.Second)
		r.want(t, 0, 10)
		if got := b.row("a").lastError; got != `{"name":"Error","message":"no luck"}` {
			t.Errorf("recorded %s", got)
		}
		r.fail(nil)
		b.pass(10 * time.Second)
		if got := b.row("a").lastError; got != "" {
			t.Errorf("still recorded: %s", got)
		}
	}, Task{ID: "a", Schedule: every(10 * time.Second), Run: r.run})
}

func TestPanicsAreFailures(t *testing.T) {
	var runs atomic.Int32
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(11 * time.Second)
		if got := b.row("a").lastError; runs.Load() != 2 || got != `{"name":"Error","message":"panic: oops"}` {
			t.Errorf("%d runs, recorded %s", runs.Load(), got)
		}
	}, Task{ID: "a", Schedule: every(10 * time.Second), Run: func(context.Context) error {
		runs.Add(1)
		panic("oops")
	}})
}

func TestTimeout(t *testing.T) {
	r := &recorder{takes: time.Hour}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(19 * time.Second)
		if got := b.row("a"); got.ticket == "" || got.started == nil || got.expires.Sub(*got.started) != 20*time.Second {
			t.Errorf("wrong row %+v", got)
		}
		b.pass(2 * time.Second)
		if got := b.row("a"); got.ticket != "" || got.lastError != `{"name":"Error","message":"Task timed out"}` {
			t.Errorf("wrong row %+v", got)
		}
		b.pass(39 * time.Second)
		r.want(t, 0, 60)
	}, Task{ID: "a", Schedule: timed(every(time.Minute), 20*time.Second), Run: r.run})
}

// TestARunThatIgnoresItsTimeout is left to others, but not begun twice here.
func TestARunThatIgnoresItsTimeout(t *testing.T) {
	var runs atomic.Int32
	inBubble(t, Options{Lease: 15 * time.Second}, func(b *bubble) {
		b.pass(10*time.Second + 16*time.Second)
		if got := b.row("a"); got.lease.After(time.Now()) {
			t.Error("still renewed after the timeout")
		}
		// Another process takes over; ours does not begin a second run.
		if done, err := b.expire(t.Context(), "a", b.row("a").ticket, "{}"); err != nil || !done {
			t.Fatal(done, err)
		}
		b.pass(4 * time.Minute)
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs at a time", n)
		}
		b.pass(2 * time.Minute)
		if n := runs.Load(); n < 2 {
			t.Error("never ran again")
		}
	}, Task{ID: "a", Schedule: timed(every(time.Minute), 10*time.Second), Run: func(context.Context) error {
		if runs.Add(1) == 1 {
			time.Sleep(5 * time.Minute)
		}
		return nil
	}})
}

func TestTheLeaseIsRenewedWhileTheRunLasts(t *testing.T) {
	r := &recorder{takes: 10 * time.Minute}
	inBubble(t, Options{Lease: 15 * time.Second}, func(b *bubble) {
		for range 100 {
			b.pass(5 * time.Second)
			if left := time.Until(*b.row("a").lease); left < 10*time.Second {
				t.Fatalf("%s left", left)
			}
		}
	}, Task{ID: "a", Schedule: timed(every(time.Hour), time.Hour), Run: r.run})
}

// TestWithoutTheDatabaseARunEndsBeforeItsLease: others may begin when the lease is over.
func TestWithoutTheDatabaseARunEndsBeforeItsLease(t *testing.T) {
	r := &recorder{takes: time.Hour}
	inBubble(t, Options{Lease: 15 * time.Second}, func(b *bubble) {
		b.pass(6 * time.Second) // renewed at 5
		lease := *b.row("a").lease
		b.set(func(m *memory) { m.down = true })
		b.pass(20 * time.Second)
		if at, cause := r.end(); !errors.Is(cause, ErrLeaseLost) || !at.Before(lease) {
			t.Errorf("ended at %s by %v, the lease was good until %s", at, cause, lease)
		}
		// It is back: our own row's lease is over, and the task runs again.
		b.set(func(m *memory) { m.down = false })
		b.pass(pollMost + time.Second)
		if n := r.count(); n != 2 {
			t.Errorf("%d runs", n)
		}
	}, Task{ID: "a", Schedule: timed(every(time.Hour), time.Hour), Run: r.run})
}

func TestAShortOutageEndsNoRun(t *testing.T) {
	r := &recorder{takes: time.Minute}
	inBubble(t, Options{Lease: 15 * time.Second}, func(b *bubble) {
		b.pass(4 * time.Second)
		b.set(func(m *memory) { m.down = true })
		b.pass(8 * time.Second)
		b.set(func(m *memory) { m.down = false })
		b.pass(50 * time.Second)
		if got := b.row("a"); got.lastEnded == nil || got.lastError != "" {
			t.Errorf("wrong row %+v", got)
		}
	}, Task{ID: "a", Schedule: timed(every(time.Hour), time.Hour), Run: r.run})
}

// TestTakeover is about a run of a process that is gone.
func TestTakeover(t *testing.T) {
	r := &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		dead := func(cancelled bool) {
			b.set(func(m *memory) {
				got := m.table["a"]
				got.ticket, got.started, got.lease, got.expires, got.next = "dead", after(0), after(7*time.Second), after(time.Hour), after(0)
				got.cancelled = cancelled
				m.table["a"] = got
			})
		}
		dead(false)
		b.pass(13 * time.Second) // a poll interval, and the lease
		r.want(t, 7.002)
		if got := b.row("a"); got.lastError != "" || got.ticket != "" {
			t.Errorf("wrong row %+v", got)
		}
		dead(true)
		b.pass(13 * time.Second)
		r.want(t, 7.002) // it was to be cancelled
		if got := b.row("a"); got.lastError != `{"name":"Error","message":"the task was cancelled"}` || got.ticket != "" || got.next != nil {
			t.Errorf("wrong row %+v", got)
		}
	}, Task{ID: "a", Schedule: timed(config.Schedule{Manual: true}, time.Hour), Run: r.run})
}

func TestStopHandsRunsBack(t *testing.T) {
	r := &recorder{takes: time.Hour}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(time.Second)
		next := *b.row("a").next
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		_, cause := r.end()
		if got := b.row("a"); !errors.Is(cause, ErrStopping) || got.ticket != "" || !got.next.Equal(next) || got.lastEnded != nil {
			t.Errorf("ended by %v, row %+v", cause, got)
		}
		if err := b.Run(t.Context()); err == nil {
			t.Error("ran twice")
		}
	}, Task{ID: "a", Schedule: timed(every(time.Hour), time.Hour), Run: r.run})
}

// TestStopWaitsForARunThatEndsWell: what is done is done.
func TestStopWaitsForARunThatEndsWell(t *testing.T) {
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(time.Second)
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		if got := b.row("a"); got.ticket != "" || got.lastEnded == nil || time.Until(*got.next) < 59*time.Minute {
			t.Errorf("row %+v", got)
		}
	}, Task{ID: "a", Schedule: timed(every(time.Hour), time.Hour), Run: func(context.Context) error {
		time.Sleep(20 * time.Second)
		return nil
	}})
}

func TestStopNamesRunsThatDoNotEnd(t *testing.T) {
	inBubble(t, Options{Drain: 10 * time.Second}, func(b *bubble) {
		b.pass(time.Second)
		err := b.stop()
		if err == nil || err.Error() != "schedule: tasks did not stop within 10s: b" {
			t.Errorf("got %v", err)
		}
		b.pass(time.Hour)
	},
		Task{ID: "a", Schedule: every(time.Hour), Run: nothing},
		Task{ID: "b", Schedule: timed(every(time.Hour), time.Hour), Run: func(context.Context) error {
			time.Sleep(time.Minute)
			return nil
		}})
}

func TestSettingsFollowTheRow(t *testing.T) {
	r := &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(time.Second)
		change := func(settings string) {
			b.set(func(m *memory) {
				got := m.table["a"]
				got.settings = settings
				m.table["a"] = got
			})
		}
		// A newer release of the same task runs every minute.
		change(`{"version":2,"cadence":"PT1M","timeoutAfterDuration":"PT30S"}`)
		b.pass(149 * time.Second)
		r.want(t, 0, 10, 70, 130)
		// And one newer still in a way that we do not know.
		change(`{"version":3,"moon":"full"}`)
		b.pass(time.Hour)
		r.want(t, 0, 10, 70, 130)
		if got := b.worker("a"); got != "" {
			t.Errorf("the worker is %q", got)
		}
	}, Task{ID: "a", Schedule: every(10 * time.Second), Run: r.run})
}

func TestARowThatVanishesEndsTheWorker(t *testing.T) {
	r := &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(time.Second)
		b.set(func(m *memory) { delete(m.table, "a") })
		b.pass(time.Hour)
		r.want(t, 0)
	}, Task{ID: "a", Schedule: every(10 * time.Second), Run: r.run})
}

func local(s config.Schedule) config.Schedule {
	s.Local = true
	return s
}

func TestLocalTasks(t *testing.T) {
	short, long, cron := &recorder{takes: time.Second}, &recorder{takes: 15 * time.Second}, &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(46 * time.Second)
		short.want(t, 0, 10, 20, 30, 40)
		long.want(t, 0, 15, 30, 45)
		cron.want(t, 20, 40)
		if b.claims != 0 {
			t.Error("they have no rows")
		}
		all, err := b.Tasks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s := all[1]; s.Scope != "local" || s.Worker.Status != running || s.Task.StartedAt == nil || s.Task.TimesOutAt.Sub(s.Task.StartedAt.Time) != time.Minute {
			t.Errorf("got %+v", s)
		}
		if s := all[2]; s.Worker.Status != idle || s.Task.StartsAt == nil || s.Task.LastRunEndedAt == nil {
			t.Errorf("got %+v", s)
		}
		if err := b.Trigger(t.Context(), "b-long"); err == nil || err.Error() != "Task b-long is currently running" {
			t.Errorf("got %v", err)
		}
		if err := b.Cancel(t.Context(), "c-short"); err == nil || err.Error() != "Task c-short is not running" {
			t.Errorf("got %v", err)
		}
		if err := b.Cancel(t.Context(), "b-long"); err != nil {
			t.Error(err)
		}
		if err := b.Trigger(t.Context(), "c-short"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		short.want(t, 0, 10, 20, 30, 40, 46)
		b.pass(11 * time.Second)
		short.want(t, 0, 10, 20, 30, 40, 46, 56)
	},
		Task{ID: "a-cron", Schedule: local(timed(config.Schedule{Cron: "*/20 * * * * *"}, time.Minute)), Run: cron.run},
		Task{ID: "b-long", Schedule: local(every(10 * time.Second)), Run: long.run},
		Task{ID: "c-short", Schedule: local(every(10 * time.Second)), Run: short.run})
}

func TestLocalTasksTimeOutAndStop(t *testing.T) {
	r := &recorder{takes: time.Hour}
	s := local(timed(every(10*time.Second), 4*time.Second))
	s.InitialDelay = config.Duration(5 * time.Second)
	inBubble(t, Options{}, func(b *bubble) {
		if got := b.worker("a"); got != initialWait {
			t.Errorf("the worker is %q", got)
		}
		b.pass(10 * time.Second)
		all, err := b.Tasks(t.Context())
		if err != nil || all[0].Task.LastRunError != `{"name":"Error","message":"Task timed out"}` {
			t.Errorf("got %+v, error %v", all[0].Task, err)
		}
		b.pass(6 * time.Second)
		r.want(t, 5, 15)
		if err := b.stop(); err != nil {
			t.Error(err)
		}
	}, Task{ID: "a", Schedule: s, Run: r.run})
}

func TestMetricsHaveUpstreamsNames(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	New(Options{Plugin: "another", Metrics: registry}) // shares the collectors
	r := &recorder{err: errors.New("no luck")}
	inBubble(t, Options{Metrics: registry}, func(b *bubble) {
		b.pass(15 * time.Second)
		want := `
# HELP backend_tasks_task_runs_count_total Total number of times a task has been run.
# TYPE backend_tasks_task_runs_count_total counter
backend_tasks_task_runs_count_total{otel_scope_name="backstage-plugin-test",result="failed",scope="global",taskId="a"} 2
backend_tasks_task_runs_count_total{otel_scope_name="backstage-plugin-test",result="started",scope="global",taskId="a"} 2
# HELP backend_tasks_task_runs_started Epoch seconds at which a task was last started.
# TYPE backend_tasks_task_runs_started gauge
backend_tasks_task_runs_started{otel_scope_name="backstage-plugin-test",taskId="a"} 9.4668481e+08
`
		err := testutil.GatherAndCompare(registry, strings.NewReader(want), "backend_tasks_task_runs_count_total", "backend_tasks_task_runs_started")
		if err != nil {
			t.Error(err)
		}
		for _, name := range []string{"backend_tasks_task_runs_duration", "backend_tasks_task_runs_completed"} {
			if n, err := testutil.GatherAndCount(registry, name); err != nil || n != 1 {
				t.Errorf("%s: %d series, error %v", name, n, err)
			}
		}
	}, Task{ID: "a", Schedule: every(10 * time.Second), Run: r.run})
}

func TestTaskInAZoneOfItsOwn(t *testing.T) {
	// The bubble begins at midnight in UTC, which is 16:00 of the day before at 8 hours west.
	west := time.FixedZone("west", -8*60*60)
	r := &recorder{}
	inBubble(t, Options{}, func(b *bubble) {
		b.pass(7*time.Hour + 59*time.Minute)
		if got := r.count(); got != 0 {
			t.Fatalf("%d runs before midnight in the task's zone", got)
		}
		b.pass(2 * time.Minute)
		if got := r.count(); got != 1 {
			t.Errorf("%d runs at midnight in the task's zone, want 1", got)
		}
	}, Task{ID: "t", Schedule: config.Schedule{Cron: "0 0 * * *", Timeout: config.Duration(time.Minute)}, Location: west, Run: r.run})
}
