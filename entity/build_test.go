package entity_test

import (
	"slices"
	"testing"

	"github.com/understudy-portal/understudy/entity"
)

func TestObjectOf(t *testing.T) {
	t.Parallel()
	o := entity.ObjectOf("b", "x", "a", entity.ObjectOf(), "b", 1.0)
	if got := string(entity.AppendJSON(nil, o)); got != `{"b":1,"a":{}}` {
		t.Error(got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a key that is no string is left out silently")
		}
	}()
	entity.ObjectOf(1, 2)
}

func TestStrings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value any
		want  []string
		ok    bool
	}{
		{[]any{"a", ""}, []string{"a", ""}, true},
		{[]any{}, []string{}, true},
		{[]any{"a", 1.0}, nil, false},
		{"a", nil, false},
		{nil, nil, false},
	} {
		got, ok := entity.Strings(c.value)
		if ok != c.ok || !slices.Equal(got, c.want) || ok && got == nil {
			t.Errorf("%v: %q %t", c.value, got, ok)
		}
	}
}
