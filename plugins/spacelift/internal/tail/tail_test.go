package tail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a Spacelift with runs that all are alike. Its log comes in pages of so many messages.
type fake struct {
	mu       sync.Mutex
	detail   client.RunDetail
	messages map[int][]string // by version
	whole    map[int]bool     // what is finished, by version
	page     int
	broken   error
	looks    int // at the run
	reads    int // of the log
	silent   bool
}

func (f *fake) RunDetail(context.Context, string, string) (client.RunDetail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	d := f.detail
	d.History = append([]client.Transition(nil), d.History...)
	return d, f.broken
}

func (f *fake) Logs(_ context.Context, _, _ string, at client.LogPlace) (client.LogPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if f.broken != nil {
		return client.LogPage{}, f.broken
	}
	from := 0
	if at.Token != "" {
		if _, err := fmt.Sscan(at.Token, &from); err != nil {
			return client.LogPage{}, err
		}
	}
	all := f.messages[at.Version]
	to := min(len(all), from+f.page)
	p := client.LogPage{Exists: true, NextToken: fmt.Sprint(to), HasMore: to < len(all), Finished: to == len(all) && f.whole[at.Version] && !f.silent}
	for _, text := range all[from:to] {
		p.Messages = append(p.Messages, client.LogMessage{Text: text})
	}
	return p, nil
}

// asked is how often the log and the run were read.
func (f *fake) asked() (reads, looks int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads, f.looks
}

// set changes the fake.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) enter(state string, logs, terminal bool) {
	n := len(f.detail.History)
	if n > 0 {
		f.whole[n] = true
	}
	f.detail.State = state
	f.detail.History = append(f.detail.History, client.Transition{State: state, Version: n + 1, HasLogs: logs, Terminal: terminal})
}

func newFake() *fake {
	f := &fake{messages: map[int][]string{}, whole: map[int]bool{}, page: 100}
	f.enter("QUEUED", false, false)
	return f
}

func newTails(t *testing.T, f *fake, o Options) *Tails {
	t.Helper()
	o.Upstream, o.RequestsPerSecond = f, 1000
	if o.Version == nil {
		o.Version = func(string) string { return "" }
	}
	return New(o)
}

func lines(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("line %d\n", i)
	}
	return list
}

// collect reads events until one of a kind, and returns what was said.
func collect(t *testing.T, v *Viewer, kind Kind) (text string, last Event) {
	t.Helper()
	for {
		e, ok := v.Next(t.Context())
		if !ok {
			t.Fatalf("no %s; said %q", kind, text)
		}
		switch e.Kind {
		case Phase:
			text += "[" + e.Phase.State + "]"
		case Log:
			for _, m := range e.Messages {
				text += m.Text
			}
		default:
			text += "(" + string(e.Kind) + ")"
		}
		if e.Kind == kind {
			return text, e
		}
	}
}

func join(t *testing.T, tails *Tails, run, token string) *Viewer {
	t.Helper()
	at, err := ParsePosition(token)
	if err != nil {
		t.Fatal(err)
	}
	v, err := tails.Join(t.Context(), "", "stack", run, at)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestWaitsGrow follows a phase that says nothing: five seconds between looks at most, and at once when something happens.
func TestWaitsGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.enter("PLANNING", true, false)
		version := "a"
		tails := newTails(t, f, Options{Version: func(string) string { f.mu.Lock(); defer f.mu.Unlock(); return version }})
		defer tails.Close()
		v := join(t, tails, "run", "")
		defer v.Leave()
		time.Sleep(time.Minute)
		// 1, 2, 3, 4, 5, 5, … seconds: 14 waits in a minute.
		before, looks := f.asked()
		if before < 12 || before > 15 || looks > 6 {
			t.Errorf("%d reads and %d looks in a minute", before, looks)
		}
		f.set(func() { version = "b" })
		time.Sleep(1100 * time.Millisecond)
		after, _ := f.asked()
		if after == before {
			t.Error("nobody looked when something had happened")
		}
		tails.Touch("stack")
		synctest.Wait()
		if touched, _ := f.asked(); touched != after+1 {
			t.Errorf("%d reads after a touch", touched-after)
		}
	})
}

// TestARunThatWaitsIsLeftAlone asks rarely while the run waits for people.
func TestARunThatWaitsIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.enter("UNCONFIRMED", false, false)
		tails := newTails(t, f, Options{})
		defer tails.Close()
		defer join(t, tails, "run", "").Leave()
		time.Sleep(10 * time.Minute)
		if reads, looks := f.asked(); looks > 60 || reads != 0 {
			t.Errorf("%d looks, %d reads", looks, reads)
		}
	})
}

// TestAPhaseWithoutAnEnd is read to where nothing more comes, because another state follows.
func TestAPhaseWithoutAnEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.silent = true
		f.enter("PLANNING", true, false)
		f.messages[2] = lines(250)
		f.enter("FAILED", false, true)
		tails := newTails(t, f, Options{})
		defer tails.Close()
		v := join(t, tails, "run", "")
		defer v.Leave()
		if text, _ := collect(t, v, Done); text != "[QUEUED][PLANNING]"+strings.Join(lines(250), "")+"[FAILED](done)" {
			t.Error(text)
		}
	})
}

// TestWhatIsKeptIsBounded reads more than may be kept: who comes late is told that some is left out.
func TestWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.enter("PLANNING", true, false)
		f.messages[2] = append(lines(5000), strings.Repeat("é", messageMost)+"\n")
		f.enter("FINISHED", false, true)
		tails := newTails(t, f, Options{Keep: 256 << 10})
		defer tails.Close()
		first := join(t, tails, "run", "")
		defer first.Leave()
		synctest.Wait()
		time.Sleep(time.Second)
		late := join(t, tails, "run", "")
		defer late.Leave()
		text, _ := collect(t, late, Done)
		if !strings.HasPrefix(text, "[QUEUED][PLANNING](skipped)line ") || !strings.HasSuffix(text, "line 4999\n"+strings.Repeat("é", messageMost/2)+cutMark+"[FINISHED](done)") {
			t.Errorf("%.60q … %.60q", text, text[len(text)-60:])
		}
		one := tails.tails[key{"stack", "run"}]
		one.mu.Lock()
		if one.bytes > 256<<10 {
			t.Errorf("%d bytes are kept", one.bytes)
		}
		one.mu.Unlock()
		// Who has seen it misses nothing.
		back := join(t, tails, "run", "2.4990")
		defer back.Leave()
		if text, _ := collect(t, back, Done); !strings.HasPrefix(text, "line 4990\n") {
			t.Errorf("%.60q", text)
		}
	})
}

// TestTroubleIsTold fails for a while, and for good.
func TestTroubleIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.enter("PLANNING", true, false)
		tails := newTails(t, f, Options{})
		defer tails.Close()
		v := join(t, tails, "run", "")
		defer v.Leave()
		collect(t, v, Phase)
		collect(t, v, Phase)
		f.set(func() {
			f.broken = &client.Error{Code: client.CodeUnavailable, Status: 502, RetryAfter: 30 * time.Second}
		})
		_, e := collect(t, v, Trouble)
		if e.Err.Code != client.CodeUnavailable || e.Final || e.At.String() != "2.0" {
			t.Errorf("%+v", e)
		}
		reads, _ := f.asked()
		time.Sleep(29 * time.Second)
		if again, _ := f.asked(); again != reads {
			t.Error("Spacelift was asked before the time it named")
		}
		f.set(func() { f.broken, f.messages[2] = nil, lines(1) })
		if text, _ := collect(t, v, Log); text != "line 0\n" {
			t.Error(text)
		}
		f.set(func() { f.broken = &client.Error{Code: client.CodeNotFound, Status: 404} })
		if _, e := collect(t, v, Trouble); !e.Final {
			t.Errorf("%+v", e)
		}
		if e, ok := v.Next(t.Context()); ok {
			t.Errorf("after the end: %+v", e)
		}
		if _, err := tails.Join(t.Context(), "", "stack", "run", Position{}); err == nil {
			t.Error("a run that is gone is followed")
		}
		f.set(func() { f.broken = nil })
		join(t, tails, "run", "").Leave() // a new reading
	})
}

// TestTailsAreBounded and make room by what nobody follows; that is forgotten after a minute in any case.
func TestTailsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		tails := newTails(t, f, Options{Most: 2})
		defer tails.Close()
		one, two := join(t, tails, "one", ""), join(t, tails, "two", "")
		_, err := tails.Join(t.Context(), "", "stack", "three", Position{})
		if failure, ok := errors.AsType[*client.Error](err); !ok || failure.Code != client.CodeRateLimited || failure.RetryAfter == 0 {
			t.Errorf("a third one: %v", err)
		}
		one.Leave()
		one.Leave() // twice is once
		three := join(t, tails, "three", "")
		two.Leave()
		synctest.Wait()
		_, looks := f.asked()
		time.Sleep(59 * time.Second)
		two = join(t, tails, "two", "")
		synctest.Wait()
		if _, now := f.asked(); now > looks+12 {
			t.Errorf("%d looks while hardly anybody followed", now-looks)
		}
		two.Leave()
		three.Leave()
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if len(tails.tails) != 0 || len(tails.held) != 0 {
			t.Errorf("%d are kept, of %d callers", len(tails.tails), len(tails.held))
		}
	})
}

// TestACallerLeavesRoom for others: of the runs that are followed, one caller has few, and those as often as they like.
func TestACallerLeavesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tails := newTails(t, newFake(), Options{Most: 4, MostEach: 2})
		defer tails.Close()
		follow := func(who, run string) (*Viewer, error) { return tails.Join(t.Context(), who, "stack", run, Position{}) }
		viewers := map[string]*Viewer{}
		for _, c := range []struct{ who, run string }{{"jane", "1"}, {"jane", "2"}, {"jane", "1"}, {"joe", "3"}, {"joe", "1"}, {"", "4"}, {"", "1"}} {
			v, err := follow(c.who, c.run)
			if err != nil {
				t.Fatalf("%q follows %s: %v", c.who, c.run, err)
			}
			viewers[c.who+c.run] = v
			defer v.Leave()
		}
		for _, run := range []string{"3", "5"} {
			_, err := follow("jane", run)
			if failure, ok := errors.AsType[*client.Error](err); !ok || failure.Code != client.CodeRateLimited || !strings.Contains(failure.Message, "you follow") {
				t.Errorf("jane follows %s as well: %v", run, err)
			}
		}
		viewers["jane2"].Leave()
		v, err := follow("jane", "3")
		if err != nil {
			t.Fatal(err)
		}
		v.Leave()
		if !tails.Known("stack", "3") || tails.Known("stack", "5") {
			t.Error("what is known")
		}
	})
}

// TestCloseTellsViewers ends those that are still there.
func TestCloseTellsViewers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tails := newTails(t, newFake(), Options{})
		v := join(t, tails, "run", "")
		defer v.Leave()
		collect(t, v, Phase)
		go tails.Close()
		if _, e := collect(t, v, Trouble); !e.Final {
			t.Errorf("%+v", e)
		}
		if _, err := tails.Join(t.Context(), "", "stack", "run", Position{}); err == nil {
			t.Error("joined after the end")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, ok := v.Next(ctx); ok {
			t.Error("an event after the end")
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	for _, token := range []string{"", "1.0", "7.200", "0.1", "1", "x.y", "1.-1", "99999999999.1"} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		p, err := ParsePosition(token)
		if err != nil {
			return
		}
		again, err := ParsePosition(p.String())
		if err != nil || again != p {
			t.Errorf("%q is %+v, and then %+v %v", token, p, again, err)
		}
	})
}
