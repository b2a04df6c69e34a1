package tail

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// slow is a run that is over, and whose log ends two seconds later.
type slow struct {
	begin time.Time
	reads int
}

func (f *slow) RunDetail(context.Context, string, string) (client.RunDetail, error) {
	var d client.RunDetail
	d.State, d.Finished = "FAILED", true
	d.History = []client.Transition{{State: "PLANNING", Version: 1, HasLogs: true}, {State: "FAILED", Version: 2, Terminal: true}}
	return d, nil
}

func (f *slow) Logs(_ context.Context, _, _ string, at client.LogPlace) (client.LogPage, error) {
	f.reads++
	p := client.LogPage{Exists: true, NextToken: "1"}
	switch {
	case at.Token == "":
		p.Messages = []client.LogMessage{{Text: "first\n"}}
	case at.Token == "1" && time.Since(f.begin) > 2*time.Second:
		p.Messages, p.NextToken, p.Finished = []client.LogMessage{{Text: "why\n"}}, "2", true
	}
	return p, nil
}

// TestWhoComesLateDoesNotHurry joins and leaves while a log's last words are on their way: they are read all the same, and
// Spacelift is not asked more often.
func TestWhoComesLateDoesNotHurry(t *testing.T) {
	t.Parallel()
	reads := map[string]int{}
	for _, c := range []struct {
		name   string
		others int
		// alone means that nobody follows in between.
		alone bool
	}{{name: "one"}, {name: "many", others: 20}, {name: "one who comes and goes", others: 20, alone: true}} {
		synctest.Test(t, func(t *testing.T) {
			f := &slow{begin: time.Now()}
			tails := New(Options{Upstream: f, RequestsPerSecond: 1000, Version: func(string) string { return "" }})
			defer tails.Close()
			v := join(t, tails, "run", "")
			synctest.Wait()
			if c.alone {
				v.Leave()
			}
			for range c.others {
				other := join(t, tails, "run", "")
				synctest.Wait()
				other.Leave()
				synctest.Wait()
			}
			if c.alone {
				v = join(t, tails, "run", "")
			}
			defer v.Leave()
			if text, _ := collect(t, v, Done); text != "[PLANNING]first\nwhy\n[FAILED](done)" {
				t.Errorf("%s: %q after %v", c.name, text, time.Since(f.begin))
			}
			reads[c.name] = f.reads
		})
	}
	for name, n := range reads {
		if n != reads["one"] {
			t.Errorf("%s: %d reads, and %d of one", name, n, reads["one"])
		}
	}
}
