package mirror

import (
	"testing"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

func snapshot(stacks ...client.Stack) *Snapshot {
	byID := map[string]*Stack{}
	for _, s := range stacks {
		byID[s.ID] = newStack(s)
	}
	return build(store.State{}, byID, nil)
}

// TestPlace: a space whose way up is not known is neither inside nor outside.
func TestPlace(t *testing.T) {
	t.Parallel()
	in := func(id, space, parent string) client.Stack {
		return client.Stack{ID: id, Name: id, Space: client.Space{ID: space, Name: space, Parent: parent}}
	}
	// "gap" has no stacks, so that nobody told where it is.
	s := snapshot(in("a", "root", ""), in("b", "prod", "root"), in("c", "eu", "prod"), in("d", "lost", "gap"), in("e", "ring1", "ring2"), in("f", "ring2", "ring1"))
	for _, c := range []struct {
		space, above string
		want         Place
	}{
		{"root", "root", Inside},
		{"eu", "root", Inside},
		{"lost", "root", Inside},
		{"eu", "prod", Inside},
		{"eu", "eu", Inside},
		{"prod", "eu", Outside},
		{"root", "prod", Outside},
		{"lost", "gap", Inside},
		{"lost", "prod", Unknown},
		{"nobody", "prod", Unknown},
		{"ring1", "prod", Unknown},
		{"ring1", "ring2", Inside},
	} {
		if got := s.Place(c.space, c.above); got != c.want {
			t.Errorf("%s in %s: %v, want %v", c.space, c.above, got, c.want)
		}
	}
}

// TestOnly: what is left out is nowhere, but that spaces lie where they lie.
func TestOnly(t *testing.T) {
	t.Parallel()
	all := snapshot(
		client.Stack{ID: "a", Name: "a", State: "NEW_STATE", Labels: []string{"x", "secret"}, CanWrite: true, Space: client.Space{ID: "prod", Name: "Production", Parent: "root"}},
		client.Stack{ID: "b", Name: "b", State: "FINISHED", Labels: []string{"x"}, Space: client.Space{ID: "eu", Name: "Europe", Parent: "prod"}},
	)
	some := all.Only(func(s *client.Stack) bool { return s.ID == "b" })
	if len(some.Stacks) != 1 || some.Stack("a") != nil || some.Stack("b") == nil || some.Unknown != 0 || some.CanWrite {
		t.Errorf("%+v", some)
	}
	if len(some.Labels) != 1 || some.Labels[0] != (Count{"x", 1}) {
		t.Errorf("labels %v", some.Labels)
	}
	for _, space := range some.Spaces {
		if space.Name == "Production" {
			t.Error("the name of a space without a visible stack is told")
		}
	}
	if some.Place("eu", "root") != Inside || some.Place("prod", "eu") != Outside {
		t.Error("spaces are not where they were")
	}
	if some.Body().ETag == all.Body().ETag || all.Body() != all.List {
		t.Error("the list of some is that of all")
	}
	if none := all.Only(func(*client.Stack) bool { return false }); string(none.Body().JSON) != "[]" {
		t.Errorf("%s", none.Body().JSON)
	}
}
