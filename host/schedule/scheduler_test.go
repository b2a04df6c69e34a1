package schedule

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

func nothing(context.Context) error { return nil }

func every(d time.Duration) config.Schedule {
	return config.Schedule{Every: config.Duration(d), Timeout: config.Duration(time.Minute)}
}

func handle(db *database.Database) func(context.Context) (*database.Database, error) {
	return func(context.Context) (*database.Database, error) { return db, nil }
}

// process starts a scheduler as a process of its own would, and returns what stops it.
func process(t *testing.T, opts Options, tasks ...Task) (s *Scheduler, stop func()) {
	t.Helper()
	opts.Plugin = "test"
	opts.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	s = New(opts)
	for _, task := range tasks {
		if err := s.Add(task); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

// TestTicksAcrossProcesses runs one task in two processes and looks at when each of its runs was due: every one a cadence
// after the one before, so that none was lost and none done twice.
func TestTicksAcrossProcesses(t *testing.T) {
	t.Parallel()
	const ticks, cadence = 20, 200 * time.Millisecond
	type run struct{ due, ended time.Time }
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		var atOnce atomic.Int32
		ran := make(chan run, 10*ticks)
		task := Task{ID: "tick", Schedule: every(cadence), Run: func(ctx context.Context) error {
			if atOnce.Add(1) > 1 {
				t.Error("two runs at once")
			}
			defer atOnce.Add(-1)
			lease, _ := LeaseOf(ctx)
			ran <- run{due: lease.Due(), ended: time.Now()}
			return nil
		}}
		_, stopOne := process(t, Options{Database: handle(open())}, task)
		_, stopTwo := process(t, Options{Database: handle(open())}, task)
		before := <-ran
		for range ticks - 1 {
			now := <-ran
			apart := now.due.Sub(before.due)
			// A machine that stood still for longer than a cadence begins the next run late, and counts from there.
			late := before.ended.Sub(before.due) > cadence-20*time.Millisecond
			if apart < cadence-2*time.Millisecond || apart > cadence+2*time.Millisecond && !late {
				t.Errorf("a run was due %s after the one before it, which ended %s after it was due", apart, before.ended.Sub(before.due))
			}
			before = now
		}
		stopOne()
		stopTwo()
	})
}

// TestRestartRunsNothingAnew stops a process and starts another.
func TestRestartRunsNothingAnew(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		ran := make(chan struct{}, 10)
		hourly := Task{ID: "hourly", Schedule: every(time.Hour), Run: func(context.Context) error {
			ran <- struct{}{}
			return nil
		}}
		db := open()
		_, stop := process(t, Options{Database: handle(db)}, hourly)
		<-ran
		stop()
		// The second process runs another task after it looked at the first.
		looked := make(chan struct{})
		_, stop = process(t, Options{Database: handle(db)}, hourly, Task{ID: "zz", Schedule: every(time.Hour), Run: func(context.Context) error {
			close(looked)
			return nil
		}})
		<-looked
		stop()
		if len(ran) > 0 {
			t.Error("ran again")
		}
	})
}

// TestTriggerAndCancelAcrossProcesses asks one process about a run that the other has.
func TestTriggerAndCancelAcrossProcesses(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		began, cause := make(chan struct{}), make(chan error, 1)
		task := func(run func(context.Context) error) Task {
			return Task{ID: "job:a/b", Schedule: config.Schedule{Manual: true, Timeout: config.Duration(time.Minute)}, Run: run}
		}
		lease := 600 * time.Millisecond
		one, _ := process(t, Options{Database: handle(open()), Lease: lease}, task(func(ctx context.Context) error {
			close(began)
			<-ctx.Done()
			cause <- context.Cause(ctx)
			return ctx.Err()
		}))
		other := New(Options{Plugin: "test", Database: handle(open()), Lease: lease})
		if err := other.Add(task(nothing)); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return one.Trigger(t.Context(), "job:a/b") == nil })
		<-began
		if err := other.Trigger(t.Context(), "job:a/b"); err == nil || err.Error() != "Task job:a/b is currently running" {
			t.Errorf("got %v", err)
		}
		status, err := other.Tasks(t.Context())
		if err != nil || status[0].Task.Status != running || status[0].Task.TimesOutAt == nil || status[0].Worker != nil {
			t.Errorf("got %+v, error %v", status, err)
		}
		if err := other.Cancel(t.Context(), "job:a/b"); err != nil {
			t.Fatal(err)
		}
		if err := <-cause; err != ErrCancelled { //nolint:errorlint // the very same
			t.Errorf("ended by %v", err)
		}
		waitFor(t, func() bool {
			status, err := other.Tasks(t.Context())
			return err == nil && status[0].Task.Status == idle && status[0].Task.LastRunError == `{"name":"Error","message":"the task was cancelled"}`
		})
		if err := other.Cancel(t.Context(), "job:a/b"); err == nil || err.Error() != "Task job:a/b is not running" {
			t.Errorf("got %v", err)
		}
	})
}

// waitFor looks again and again until another process has done something that sends no signal.
func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain")
		}
	}
}

// TestLeaseTakenAway gives the run to somebody else behind its holder's back.
func TestLeaseTakenAway(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		began, cause := make(chan Lease, 1), make(chan error, 1)
		db := open()
		_, stop := process(t, Options{Database: handle(db), Lease: 600 * time.Millisecond}, Task{
			ID: "task", Schedule: every(time.Hour), Run: func(ctx context.Context) error {
				lease, ok := LeaseOf(ctx)
				if !ok {
					t.Error("no lease")
				}
				select {
				case began <- lease:
				default:
					return nil
				}
				<-ctx.Done()
				cause <- context.Cause(ctx)
				return ctx.Err()
			},
		})
		lease := <-began
		st, err := openStore(t.Context(), open())
		if err != nil {
			t.Fatal(err)
		}
		if done, err := st.handBack(t.Context(), "task", lease.Ticket()); err != nil || !done {
			t.Fatalf("hand back: %v %v", done, err)
		}
		if _, ok, err := st.claim(t.Context(), "task", "thief", "thief", time.Hour, time.Hour); err != nil || !ok {
			t.Fatalf("claim: %v %v", ok, err)
		}
		if err := <-cause; err != ErrLeaseLost { //nolint:errorlint // the very same
			t.Errorf("ended by %v", err)
		}
		stop()
		rows, _, err := st.rows(context.WithoutCancel(t.Context()))
		if err != nil || rows["task"].ticket != "thief" {
			t.Errorf("the thief's run was touched: %+v, error %v", rows["task"], err)
		}
	})
}

// asHolder makes the test binary a process that claims a task and never ends it.
const asHolder, holderPlace = "SCHEDULE_TEST_AS_HOLDER", "SCHEDULE_TEST_PLACE"

// holderLease is short, so that the test is.
const holderLease = 900 * time.Millisecond

// placed opens the store that the two processes share.
func placed(engine database.Engine, place string) (*database.Service, func(context.Context) (*database.Database, error)) {
	service := database.New(database.Options{Default: database.Settings{
		Key: "test", Engine: engine, SQLite: database.File{Directory: place},
		Server: database.Server{URL: config.NewSecret(place), Division: database.BySchema, CreateSchema: true},
	}}, slog.New(slog.DiscardHandler), nil)
	return service, func(ctx context.Context) (*database.Database, error) { return service.Plugin(ctx, "test") }
}

func holdForEver() {
	_, open := placed(database.Engine(os.Getenv(asHolder)), os.Getenv(holderPlace))
	s := New(Options{Plugin: "test", Database: open, Lease: holderLease})
	err := s.Add(Task{ID: "task", Schedule: every(time.Hour), Run: func(ctx context.Context) error {
		fmt.Println("running")
		<-ctx.Done()
		return ctx.Err()
	}})
	if err == nil {
		err = s.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKilledHolder kills the process that has the run.
func TestKilledHolder(t *testing.T) {
	t.Parallel()
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			place := t.TempDir()
			if engine == database.PostgreSQL {
				place = databasetest.DSN(t)
			}
			holder := exec.CommandContext(t.Context(), os.Args[0])
			holder.Env = append(os.Environ(), asHolder+"="+string(engine), holderPlace+"="+place)
			holder.Stderr = t.Output()
			out, err := holder.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := holder.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "running\n" {
				t.Fatalf("the holder says %q: %v", line, err)
			}
			service, open := placed(engine, place)
			t.Cleanup(func() { _ = service.Close() })
			took := make(chan time.Time, 1)
			process(t, Options{Database: open, Lease: holderLease}, Task{ID: "task", Schedule: every(time.Hour), Run: func(context.Context) error {
				took <- time.Now()
				return nil
			}})
			// While the holder lives, it keeps the run for longer than its lease.
			select {
			case <-took:
				t.Error("taken over from a process that lives")
			case <-time.After(2 * holderLease):
			}
			killed := time.Now()
			if err := holder.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = holder.Wait()
			if after := (<-took).Sub(killed); after > holderLease+3*time.Second {
				t.Errorf("taken over after %s, the lease is %s", after, holderLease)
			} else {
				t.Logf("taken over after %s, the lease is %s", after, holderLease)
			}
		})
	}
}
