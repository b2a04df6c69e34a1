package export

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// failing is a fault that the first n calls of a sort have.
func failing(call string, n int, failure error) func(string, []string) error {
	return func(c string, _ []string) error {
		if c != call || n == 0 {
			return nil
		}
		n--
		return failure
	}
}

// poison is a fault of payloads that hold one of the ids.
func poison(call string, failure func(bad []int, all int) error, bad ...string) func(string, []string) error {
	return func(c string, ids []string) error {
		var at []int
		for i, id := range ids {
			if slices.Contains(bad, id) {
				at = append(at, i)
			}
		}
		if c != call || len(at) == 0 {
			return nil
		}
		return failure(at, len(ids))
	}
}

func TestTransientFailuresAreWaitedOut(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(30)
	r.dest.fault = failing("submit", 7, &Failure{Kind: Transient, Status: 503, Message: "busy"})
	r.dest.limits.Concurrency = 1
	row := r.run()
	r.want(row, statusSucceeded)
	if n := r.dest.called("submit"); n != 10 {
		t.Errorf("%d submits, want 7 that failed and 3", n)
	}
}

func TestChunkIsParkedAfterItsTriesAndResumed(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(30)
	r.dest.fault = poison("submit", func([]int, int) error {
		return &Failure{Kind: Transient, Message: "connection reset"}
	}, "component.default.c0011")
	row := r.run()
	r.want(row, statusPartial)
	if c := row.progress.Counts; c.Sent != 20 || c.Pending != 10 || c.Failed != 0 {
		t.Errorf("counts %+v", c)
	}
	if n := r.dest.called("submit"); n != 2+8 {
		t.Errorf("%d submits, want 2 and 8 tries", n)
	}
	items, err := r.store.items(t.Context(), row.id, "", []string{itemPending}, 100)
	if err != nil || len(items) != 10 || items[0].Code != codeParked || items[0].Message != "connection reset" || items[0].Attempts != 8 {
		t.Errorf("items %+v, %v", items, err)
	}
	r.dest.mu.Lock()
	r.dest.fault = nil
	r.dest.mu.Unlock()
	if _, err := r.resume(t.Context(), row.id); err != nil {
		t.Fatal(err)
	}
	row = r.ended(row.id)
	r.want(row, statusSucceeded)
	if c := row.progress.Counts; c.Sent != 30 || c.Pending != 0 {
		t.Errorf("counts %+v", c)
	}
	for id, n := range r.dest.writes {
		if n != 1 {
			t.Errorf("%s was written %d times", id, n)
		}
	}
	if _, err := r.resume(t.Context(), row.id); err == nil || !strings.Contains(err.Error(), "nothing of this run can be resumed") {
		t.Errorf("a run that succeeded was resumed: %v", err)
	}
}

func TestDestinationThatIsDownEndsTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(500)
	r.dest.fault = failing("submit", -1, &Failure{Kind: Transient, Message: "connection refused"})
	row := r.run()
	r.want(row, statusPartial)
	if n := r.dest.called("submit"); n > 4*8 {
		t.Errorf("%d submits to a destination that is down", n)
	}
	if !strings.Contains(row.err, "connection refused") || !strings.Contains(row.err, "resume") {
		t.Errorf("the error does not tell what to do: %s", row.err)
	}
}

func TestRunsThatEndAtOnce(t *testing.T) {
	t.Parallel()
	for status, kind := range map[string]FailureKind{statusAuthFailed: AuthFailed, statusNotEntitled: NotEntitled, statusFailed: Misconfigured} {
		for _, call := range []string{"prepare", "submit", "poll"} {
			t.Run(status+" at "+call, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, databasetest.SQLite(t))
				r.dest.tickets = call == "poll"
				r.fill(200)
				var after atomic.Int64
				bad := failing(call, -1, &Failure{Kind: kind, Status: 401, Message: "no"})
				calls := 0
				r.dest.fault = func(c string, ids []string) error {
					if c == call {
						calls++
					}
					if calls > 3 || call == "prepare" {
						after.Add(1)
						return bad(call, ids)
					}
					return nil
				}
				row := r.run()
				r.want(row, status)
				if n := after.Load(); n > 2 {
					t.Errorf("%d requests after the refusal", n-1)
				}
				d, err := r.store.destination(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]string{statusAuthFailed: tokenRefused, statusNotEntitled: tokenNotEntitled}[status]
				if want != "" && d.tokenState != want {
					t.Errorf("token %s, want %s", d.tokenState, want)
				}
				r.dest.mu.Lock()
				r.dest.fault = nil
				r.dest.mu.Unlock()
				if _, err := r.resume(t.Context(), row.id); err != nil {
					t.Fatal(err)
				}
				r.want(r.ended(row.id), statusSucceeded)
				if n := len(r.dest.has()); n != 200 {
					t.Errorf("%d documents arrived", n)
				}
			})
		}
	}
}

func TestRateLimitUsesNoTriesAndIsObeyed(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.dest.limits.Concurrency = 1
	r.fill(10)
	var last time.Time
	n := 0
	r.dest.fault = func(call string, _ []string) error {
		if call != "submit" {
			return nil
		}
		if !last.IsZero() && time.Since(last) < 10*time.Millisecond {
			t.Errorf("asked again after %s", time.Since(last))
		}
		last = time.Now()
		if n++; n <= 20 {
			return &Failure{Kind: RateLimited, Status: 429, Message: "slow down", RetryAfter: 10 * time.Millisecond}
		}
		return nil
	}
	r.want(r.run(), statusSucceeded)
}

func TestPoisonIsQuarantined(t *testing.T) {
	t.Parallel()
	named := func(bad []int, _ int) error {
		items := map[int]string{}
		for _, i := range bad {
			items[i] = "tier is not a number"
		}
		return &Failure{Kind: Invalid, Status: 422, Message: "refused", Items: items}
	}
	unnamed := func([]int, int) error { return &Failure{Kind: Invalid, Status: 422, Message: "something is wrong"} }
	for _, tc := range []struct {
		name    string
		call    string
		failure func([]int, int) error
		bad     []string
		most    int
		message string
	}{
		{"named", "submit", named, []string{"component.default.c0042"}, 1, "tier is not a number"},
		{"several named", "submit", named, []string{"component.default.c0042", "component.default.c0043", "component.default.c0990"}, 2, "tier is not a number"},
		{"unnamed", "submit", unnamed, []string{"component.default.c0042"}, 14, "something is wrong"},
		{"by the task", "poll", unnamed, []string{"component.default.c0042"}, 14, "something is wrong"},
		{"first", "submit", unnamed, []string{"component.default.c0000"}, 14, "something is wrong"},
		{"last", "submit", unnamed, []string{"component.default.c0999"}, 14, "something is wrong"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, databasetest.SQLite(t))
			r.dest.limits.MaxEntities = 100
			r.dest.tickets = tc.call == "poll"
			r.fill(1000)
			r.dest.fault = poison(tc.call, tc.failure, tc.bad...)
			row := r.run()
			r.want(row, statusPartial)
			if c := row.progress.Counts; c.Sent != 1000-len(tc.bad) || c.Failed != len(tc.bad) || c.Pending != 0 {
				t.Errorf("counts %+v", c)
			}
			if extra := r.dest.called("submit") - 10; extra > tc.most {
				t.Errorf("%d extra submits, want %d at most", extra, tc.most)
			}
			items, err := r.store.items(t.Context(), row.id, "", []string{itemFailed}, 10)
			if err != nil || len(items) != len(tc.bad) {
				t.Fatalf("items %+v, %v", items, err)
			}
			if i := items[0]; i.ID != tc.bad[0] || i.Message != tc.message || i.Code != codeRejected || i.HTTPStatus != 422 || i.Attempts != 1 {
				t.Errorf("item %+v", i)
			}
			// Next time it stays among its like.
			before := r.dest.called("submit")
			r.want(r.run(), statusPartial)
			if n := r.dest.called("submit") - before; n > len(tc.bad)*2 {
				t.Errorf("%d submits for what was refused before", n)
			}
		})
	}
}

func TestDestinationThatRefusesEverythingEndsTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(5000)
	r.dest.limits.MaxEntities = 100
	r.dest.fault = func(call string, _ []string) error {
		if call != "submit" {
			return nil
		}
		return &Failure{Kind: Invalid, Status: 422, Message: "blueprint service does not exist"}
	}
	row := r.run()
	r.want(row, statusFailed)
	if !strings.Contains(row.err, "blueprint service does not exist") || r.dest.called("submit") > 600 {
		t.Errorf("%s, after %d submits", row.err, r.dest.called("submit"))
	}
}

func TestCeilingIsLearnedAndRemembered(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.dest.limits.MaxEntities = 100
	for i := range 1000 {
		r.catalog.put(t, service(fmt.Sprintf("c%04d", i), strings.Repeat("x", 2000)))
	}
	const ceiling = 64 << 10
	refused := 0
	r.dest.fault = func(call string, ids []string) error {
		if call != "submit" || r.dest.sizes[len(r.dest.sizes)-1] <= ceiling {
			return nil
		}
		refused++
		return &Failure{Kind: TooLarge, Status: 413, Message: "Request Entity Too Large"}
	}
	r.want(r.run(), statusSucceeded)
	if len(r.dest.has()) != 1000 || refused > 10 { // each of two at once may have to find out
		t.Errorf("%d documents, %d payloads refused", len(r.dest.has()), refused)
	}
	refused = 0
	r.want(r.run(func(q *request) { q.full = true }), statusSucceeded)
	if refused != 0 {
		t.Errorf("%d payloads refused although the ceiling was known", refused)
	}
	// Another configured limit makes what was learned void.
	r.dest.limits.MaxBytes = 1<<20 - 1
	r.want(r.run(func(q *request) { q.full = true }), statusSucceeded)
	if refused == 0 {
		t.Error("the ceiling outlived the limit under which it was learned")
	}
}

func TestSingleEntityOverTheCeiling(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	big := strings.Repeat("x", 30<<10)
	r.catalog.put(t, `{"kind":"Component","metadata":{"name":"shrinks","annotations":{"big":"`+big+`"}}}`,
		service("stays", big), service("small", ""))
	r.dest.fault = func(call string, ids []string) error {
		if call == "submit" && r.dest.sizes[len(r.dest.sizes)-1] > 20<<10 {
			return &Failure{Kind: TooLarge, Status: 413, Message: "Request Entity Too Large"}
		}
		return nil
	}
	for _, round := range []string{"refused", "known beforehand"} {
		row := r.run(func(q *request) { q.full = true })
		r.want(row, statusSucceeded)
		if got := r.dest.has(); !slices.Equal(got, []string{"component.default.shrinks", "component.default.small"}) {
			t.Errorf("%s: %q", round, got)
		}
		items, err := r.store.items(t.Context(), row.id, "", []string{itemSkipped}, 10)
		if err != nil || len(items) != 1 || items[0].Code != codeTooLarge || items[0].ID != "component.default.stays" {
			t.Errorf("%s: %+v, %v", round, items, err)
		}
		if c := row.progress.Counts; c.Skipped != 1 || c.Sent != 2 || c.Pending != 0 {
			t.Errorf("%s: counts %+v", round, c)
		}
	}
	before := r.dest.called("submit")
	r.want(r.run(), statusSucceeded)
	if n := r.dest.called("submit") - before; n != 0 {
		t.Errorf("%d submits although nothing changed", n)
	}
}

func TestTicketThatNeverSettlesIsParkedAndAskedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(30)
	r.dest.tickets, r.dest.limits.PollTimeout = true, 50*time.Millisecond
	r.dest.settle = func(ticket string) bool { return ticket != "ticket-2" }
	row := r.run()
	r.want(row, statusPartial)
	if got := r.states(row.id); got[stateParked] != 1 || got[stateSettled] != 2 {
		t.Fatalf("chunks %v", got)
	}
	r.dest.mu.Lock()
	r.dest.settle = nil
	r.dest.mu.Unlock()
	if _, err := r.resume(t.Context(), row.id); err != nil {
		t.Fatal(err)
	}
	r.want(r.ended(row.id), statusSucceeded)
	if n := r.dest.called("submit"); n != 3 {
		t.Errorf("%d submits: what was parked with a ticket was sent again", n)
	}
}

func TestTicketThatIsGoneIsSentAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(10)
	r.dest.tickets = true
	r.dest.fault = failing("poll", 1, &Failure{Kind: Gone, Status: 404, Message: "no such task"})
	r.want(r.run(), statusSucceeded)
	if n := r.dest.called("submit"); n != 2 {
		t.Errorf("%d submits", n)
	}
}

func TestAnswerThatIsLostCostsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.fill(30)
	r.dest.applyFirst = true
	r.dest.fault = failing("submit", 2, &Failure{Kind: Transient, Message: "connection closed"})
	r.want(r.run(), statusSucceeded)
	if n := len(r.dest.has()); n != 30 {
		t.Errorf("%d documents", n)
	}
}

func TestCatalogThatCannotBeRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t), func(o *Options) { o.RetryLadder = []time.Duration{time.Millisecond} })
	r.fill(30)
	r.catalog.mu.Lock()
	r.catalog.err = errors.New("disk on fire")
	r.catalog.mu.Unlock()
	row := r.run()
	r.want(row, statusFailed)
	if !strings.Contains(row.err, "the catalog cannot be read: disk on fire") || r.dest.called("submit") != 0 {
		t.Errorf("%q after %d submits", row.err, r.dest.called("submit"))
	}
}
