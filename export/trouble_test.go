package export

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// journal is a log that tests read.
type journal struct {
	mu  sync.Mutex // guards what follows
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

// with returns the lines that hold a text.
func (j *journal) with(text string) (found []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range strings.Lines(j.buf.String()) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

func logged(j *journal) func(o *Options) {
	return func(o *Options) { o.Log = slog.New(slog.NewTextHandler(j, nil)) }
}

// TestWhatGoesWrongIsTold while it is tried again: in the run, and once in the log.
func TestWhatGoesWrongIsTold(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"prepare", "submit", "poll"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			r := newRig(t, databasetest.SQLite(t), logged(j), func(o *Options) {
				o.Backoff = Backoff{Base: time.Hour, Cap: time.Hour, Tries: 8}
			})
			r.dest.tickets = true
			r.dest.fault = func(at string, _ []string) error {
				if at == call {
					return &Failure{Kind: Transient, Message: "connection refused"}
				}
				return nil
			}
			r.fill(5)
			row := r.begin()
			note := ""
			for ctx := t.Context(); note == "" && ctx.Err() == nil; {
				live, err := r.find(ctx, row.id)
				if err != nil || !live.active() {
					t.Fatalf("%+v, %v", live, err)
				}
				note = live.progress.Note
			}
			if !strings.HasPrefix(note, "try 1 of 8: connection refused; next in ") {
				t.Errorf("note %q", note)
			}
			if found := j.with("level=WARN"); len(found) != 1 || !strings.Contains(found[0], "connection refused") {
				t.Errorf("log %q", found)
			}
			if _, err := r.cancel(t.Context(), row.id); err != nil {
				t.Fatal(err)
			}
			if row := r.ended(row.id); row.progress.Note != "" {
				t.Errorf("it has ended, and says %q", row.progress.Note)
			}
		})
	}
}

// TestNotesPass tells of nothing that works again.
func TestNotesPass(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := &runner{Engine: &Engine{log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }}}
	r.dest = newFake()
	r.failing(&Failure{Message: "no answer", Status: 503}, "try 3 of 8", 4200*time.Millisecond)
	if got := r.snapshot().progress.Note; got != "try 3 of 8: no answer (HTTP 503); next in 4s" {
		t.Error(got)
	}
	now = now.Add(time.Minute)
	if got := r.snapshot().progress.Note; got != "try 3 of 8: no answer (HTTP 503); trying again" {
		t.Error(got)
	}
	r.works()
	if got := r.snapshot().progress.Note; got != "" {
		t.Error(got)
	}
}

// TestTheEndIsLogged with its counts, and as a warning where somebody should look.
func TestTheEndIsLogged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault func(call string, ids []string) error
		want  string
	}{
		{nil, "level=INFO msg=\"export ended\" .* status=succeeded .* read=25 unchanged=0 sent=25 failed=0 pending=0"},
		{func(call string, _ []string) error {
			if call == "submit" {
				return &Failure{Kind: AuthFailed, Message: "no"}
			}
			return nil
		}, "level=WARN msg=\"export ended\" .* status=auth_failed .* read=25 unchanged=0 sent=0 failed=0 pending=25"},
		{func(call string, ids []string) error {
			if call == "submit" && len(ids) > 5 {
				return &Failure{Kind: Invalid, Message: "two are bad", Items: map[int]string{0: "bad", 2: "bad"}}
			}
			return nil
		}, "level=WARN msg=\"export ended\" .* status=partial .* read=25 unchanged=0 sent=[0-9]+ failed=[1-9][0-9]* pending=0"},
		{func(call string, _ []string) error {
			if call == "submit" {
				return &Failure{Kind: Transient, Message: "down"}
			}
			return nil
		}, "level=WARN msg=\"export ended\" .* status=partial .* read=25 unchanged=0 sent=0 failed=0 pending=25"},
	} {
		j := &journal{}
		r := newRig(t, databasetest.SQLite(t), logged(j))
		r.dest.fault = c.fault
		r.fill(25)
		row := r.run()
		r.stop()
		if found := j.with("export ended"); len(found) != 1 || !regexp.MustCompile(c.want).MatchString(found[0]) {
			t.Errorf("%+v: %q, want %s", row.progress.Counts, found, c.want)
		}
	}
}
