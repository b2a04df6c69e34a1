package httpapi

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// lister answers every list with one run, and counts.
type lister struct{ asked int }

func (l *lister) Runs(context.Context, string, client.RunKind, string) ([]client.Run, error) {
	l.asked++
	return []client.Run{{ID: "run"}}, nil
}

// TestRunsAreAskedForWhenThereIsATurn reads a page as time passes, with and without a turn.
func TestRunsAreAskedForWhenThereIsATurn(t *testing.T) {
	t.Parallel()
	up, now := &lister{}, time.Unix(1_795_320_000, 0)
	errTurn := errors.New("no turn")
	var turn error
	c := newRuns(up, func(context.Context) error { return turn }, func() time.Time { return now })
	t.Cleanup(c.pages.Close)
	for _, step := range []struct {
		after   time.Duration
		before  string
		version string
		turn    error
		asked   int
		err     error
	}{
		{version: "a", asked: 1},
		{version: "a", asked: 1, after: time.Second},
		{version: "b", asked: 2},
		{version: "b", asked: 3, after: sharedFresh},
		{version: "c", asked: 3, turn: errTurn}, // the older page is better than none
		{version: "c", asked: 3, turn: errTurn, before: "x", err: errTurn},
		{version: "c", asked: 3, turn: errTurn, after: sharedStale, err: errTurn},
		{version: "c", asked: 4},
	} {
		now, turn = now.Add(step.after), step.turn
		list, err := c.page(t.Context(), "s", client.Tracked, step.before, step.version)
		if !errors.Is(err, step.err) || err == nil && len(list) != 1 || up.asked != step.asked {
			t.Errorf("%+v: %v %v, asked %d times", step, list, err, up.asked)
		}
	}
}
