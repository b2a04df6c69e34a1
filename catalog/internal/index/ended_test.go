package index_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
	"github.com/understudy-portal/understudy/entity"
)

// countdown is a context that ends after it has been asked so many times.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestEndedContext holds that every question stops soon after its context ends, wherever that happens, and then answers
// with an error and nothing else.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	ix, _ := filled(t, 2000)
	s := ix.Snapshot()
	var many entity.Any
	for i := range 50 {
		many.Of = append(many.Of, entity.HasPrefix{Key: "metadata.name", Prefix: fmt.Sprint(i)},
			entity.Equal{Key: "metadata.name", Values: []string{fmt.Sprint(i)}})
	}
	questions := map[string]func(ctx context.Context) (bool, error){
		"conditions": func(ctx context.Context) (bool, error) {
			page, err := s.Query(ctx, index.Query{Predicate: many, Limit: 0, Total: true})
			return page.Total > 0, err
		},
		"page": func(ctx context.Context) (bool, error) {
			page, err := s.Query(ctx, index.Query{Limit: -1})
			return page.Docs != nil, err
		},
		"offset": func(ctx context.Context) (bool, error) {
			page, err := s.Query(ctx, index.Query{Offset: 1900, Limit: 1})
			return page.Docs != nil, err
		},
		"facets": func(ctx context.Context) (bool, error) {
			facets, err := s.Facets(ctx, nil, []string{"kind", "metadata.name", "spec.type"})
			return facets != nil, err
		},
		"refs": func(ctx context.Context) (bool, error) {
			docs, err := s.MatchingRefs(ctx, nil, make([]string, 2000))
			return docs != nil, err
		},
		"walk": func(ctx context.Context) (bool, error) {
			n := 0
			for range s.Walk(ctx, nil) {
				n++
			}
			if n < s.Len() {
				return false, context.Canceled
			}
			return true, nil
		},
	}
	for what, ask := range questions {
		asked := 0
		for ; ; asked++ {
			ctx := &countdown{t.Context(), asked}
			answered, err := ask(ctx)
			if err == nil {
				break
			}
			if answered && what != "conditions" || !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, ended at %d: answered %v, error %v", what, asked, answered, err)
			}
			if ctx.left < -600 {
				t.Fatalf("%s, ended at %d: asked %d times more", what, asked, -ctx.left)
			}
		}
		if asked < 3 {
			t.Errorf("%s asks %d times, so an end in the middle is not seen", what, asked)
		}
	}
}

// TestRepeatedConditions asks one condition in many wordings, which must not cost more than one.
func TestRepeatedConditions(t *testing.T) {
	t.Parallel()
	ix, changes := filled(t, 3000)
	s := ix.Snapshot()
	name := entity.Equal{Key: "KIND", Values: []string{"component", "Component", "api", "API"}}
	some := entity.Any{Of: []entity.Predicate{name, entity.Equal{Key: "kind", Values: []string{"API", "COMPONENT"}}}}
	for range 20_000 {
		some.Of = append(some.Of, entity.Any{Of: []entity.Predicate{entity.HasPrefix{Key: "metadata.uid"}}})
	}
	if got, err := s.Count(t.Context(), some); err != nil || got != len(changes) {
		t.Errorf("%d entities, want %d; error %v", got, len(changes), err)
	}
	none := entity.All{Of: []entity.Predicate{name, name, entity.Not{Of: name}, some}}
	if got, err := s.Count(t.Context(), none); err != nil || got != 0 {
		t.Errorf("%d entities, want none; error %v", got, err)
	}
	// The set of a repeated condition must come out of it as it went in.
	both := entity.All{Of: []entity.Predicate{name, entity.Any{Of: []entity.Predicate{name, entity.HasPrefix{Key: "metadata.uid"}}}, name}}
	want, err := s.Count(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Count(t.Context(), both); err != nil || got != want || want == 0 {
		t.Errorf("%d entities, want %d; error %v", got, want, err)
	}
}

// TestLengthsKeepConditionsApart takes conditions whose texts are the same once they are joined.
func TestLengthsKeepConditionsApart(t *testing.T) {
	t.Parallel()
	changes := indextest.Generate(1, 1)
	ix := index.New(index.Options{})
	changes[0].Body = []byte(`{"kind":"Component","metadata":{"name":"c"},"spec":{"a":"bc","ab":"d"}}`)
	if err := ix.Apply(changes, 1); err != nil {
		t.Fatal(err)
	}
	for _, p := range [][]entity.Predicate{
		{entity.HasPrefix{Key: "spec.a", Prefix: "bc"}, entity.HasPrefix{Key: "spec.ab", Prefix: "c"}},
		{entity.HasPrefix{Key: "spec.a", Prefix: "bc"}, entity.Equal{Key: "spec.a", Values: []string{"b", "c"}}},
		{entity.Exists{Key: "spec.a"}, entity.Equal{Key: "spec.a"}},
	} {
		for _, p := range [][]entity.Predicate{p, {p[1], p[0]}} {
			if n, err := ix.Snapshot().Count(t.Context(), entity.All{Of: slices.Clone(p)}); err != nil || n != 0 {
				t.Errorf("%+v: %d entities, want none; error %v", p, n, err)
			}
		}
	}
}
