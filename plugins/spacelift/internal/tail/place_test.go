package tail

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// still is a Spacelift that names no next place, or always the same.
type still struct {
	*fake
	token string
	more  bool
}

func (f *still) Logs(ctx context.Context, stack, run string, at client.LogPlace) (client.LogPage, error) {
	at.Token = ""
	p, err := f.fake.Logs(ctx, stack, run, at)
	p.NextToken, p.HasMore = f.token, f.more
	return p, err
}

// TestAPlaceThatStays is asked for again after a wait, and what it holds is told once.
func TestAPlaceThatStays(t *testing.T) {
	t.Parallel()
	for _, c := range []still{{}, {more: true}, {token: "here"}, {token: "here", more: true}} {
		t.Run(fmt.Sprintf("%q, more %v", c.token, c.more), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.enter("PLANNING", true, false)
				f.messages[2] = lines(2)
				tails := New(Options{Upstream: &still{f, c.token, c.more}, RequestsPerSecond: 1000, Version: func(string) string { return "" }})
				defer tails.Close()
				v := join(t, tails, "run", "")
				defer v.Leave()
				time.Sleep(time.Minute)
				if reads, _ := f.asked(); reads < 12 || reads > 16 {
					t.Errorf("%d reads in a minute", reads)
				}
				f.set(func() { f.messages[2] = lines(5); f.silent = true; f.enter("FAILED", false, true) })
				want := "[QUEUED][PLANNING]" + strings.Join(lines(5), "") + "[FAILED](done)"
				if c.token != "" {
					// What the first answer held is not told apart from what is at the place that it named.
					want = strings.Replace(want, "line 0\nline 1\n", "line 0\nline 1\nline 0\nline 1\n", 1)
				}
				if text, _ := collect(t, v, Done); text != want {
					t.Errorf("%q", text)
				}
			})
		})
	}
}
