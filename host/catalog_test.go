package host_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/understudy-portal/understudy/host"
)

// TestDamaged: what is about entities that were asked for is told apart from everything else, however it is wrapped.
func TestDamaged(t *testing.T) {
	t.Parallel()
	a, b := &host.EntityError{Ref: "a", Err: errors.New("no kind")}, &host.EntityError{Ref: "b", Err: errors.New("no name")}
	down := errors.New("the catalog is down")
	stranger := &host.EntityError{Err: errors.New("which one?")}
	for name, tc := range map[string]struct {
		err  error
		bad  int
		rest []error
	}{
		"nothing":           {},
		"one":               {err: a, bad: 1},
		"many":              {err: fmt.Errorf("read: %w", errors.Join(a, nil, fmt.Errorf("again: %w", b))), bad: 2},
		"something else":    {err: fmt.Errorf("read: %w", down), rest: []error{down}},
		"both":              {err: errors.Join(a, down), bad: 1, rest: []error{down}},
		"nobody asked":      {err: errors.Join(a, stranger), bad: 1, rest: []error{stranger}},
		"two of one reason": {err: fmt.Errorf("%w and %w", a, down), bad: 1, rest: []error{down}},
	} {
		bad, rest := host.Damaged([]string{"a", "b"}, tc.err)
		if len(bad) != tc.bad || bad["a"] != nil && bad["a"] != a || (rest == nil) != (len(tc.rest) == 0) {
			t.Errorf("%s: %v, rest %v", name, bad, rest)
		}
		for _, want := range tc.rest {
			if !errors.Is(rest, want) {
				t.Errorf("%s: rest %v", name, rest)
			}
		}
	}
}
