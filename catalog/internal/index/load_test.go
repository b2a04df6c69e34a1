package index_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
)

// docs are the changes as Load takes them.
func docs(changes []index.Change) []index.Doc {
	all := make([]index.Doc, len(changes))
	for i, c := range changes {
		all[i] = index.Doc{Ref: c.Ref, UID: strings.ToUpper(c.UID), Body: c.Body}
	}
	return all
}

func TestLoadReplacesAll(t *testing.T) {
	t.Parallel()
	ix := index.New(index.Options{})
	changes := indextest.Generate(600, 1)
	if err := ix.Apply(changes[:100], 5); err != nil {
		t.Fatal(err)
	}
	woken := make(chan error, 1)
	go func() { woken <- ix.Wait(t.Context(), 9) }()
	err := ix.Load(func(add func([]index.Doc)) (int64, error) {
		for part := range slices.Chunk(docs(changes[50:]), 90) {
			add(part)
		}
		add(nil)
		return 9, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-woken; err != nil {
		t.Error(err)
	}
	s := ix.Snapshot()
	if s.Len() != 550 || s.Position() != 9 {
		t.Errorf("%d entities at %d, want 550 at 9", s.Len(), s.Position())
	}
	for i, c := range changes {
		_, byRef := s.ByRef(c.Ref)
		d, byUID := s.ByUID(c.UID)
		if byRef != (i >= 50) || byUID != (i >= 50) || byUID && (d.Ref != c.Ref || string(d.Body) != string(c.Body)) {
			t.Fatalf("entity %d: by ref %v, by uid %v", i, byRef, byUID)
		}
	}
	if page, err := s.Query(t.Context(), index.Query{Limit: 10, Total: true}); err != nil || page.Total != 550 {
		t.Errorf("%d entities match everything, want 550; error %v", page.Total, err)
	}
}

func TestLoadThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	ix := index.New(index.Options{})
	changes := indextest.Generate(20, 1)
	if err := ix.Apply(changes, 5); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the database is gone")
	for what, read := range map[string]func(add func([]index.Doc)) (int64, error){
		"a failed read": func(add func([]index.Doc)) (int64, error) { add(docs(changes[:3])); return 9, broken },
		"a bad body": func(add func([]index.Doc)) (int64, error) {
			add([]index.Doc{{Ref: "component:default/x", UID: "x", Body: []byte("[]")}})
			return 9, nil
		},
		"the past": func(add func([]index.Doc)) (int64, error) { add(docs(changes[:3])); return 4, nil },
	} {
		if err := ix.Load(read); err == nil {
			t.Errorf("%s: no error", what)
		}
		if s := ix.Snapshot(); s.Len() != 20 || s.Position() != 5 {
			t.Errorf("%s: %d entities at %d, want 20 at 5", what, s.Len(), s.Position())
		}
	}
}
