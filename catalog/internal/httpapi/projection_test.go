package httpapi

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
)

// drawValue makes JSON whose keys are easily confused: with dots, quotes and prefixes of one another.
func drawValue(t *rapid.T, depth int) any {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "scalar") == 0 {
		return rapid.SampledFrom([]any{nil, true, 1.5, "", `a"b\`, "x{y}[,]", "☃", []any{"a", entity.NewObject()}}).Draw(t, "value")
	}
	if rapid.IntRange(0, 4).Draw(t, "list") == 0 {
		return []any{drawValue(t, depth-1), drawValue(t, depth-1)}
	}
	o := entity.NewObject()
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		o.Set(rapid.SampledFrom(projectedKeys).Draw(t, "key"), drawValue(t, depth-1))
	}
	return o
}

var projectedKeys = []string{"a", "b", "a.b", "b.a", "a.b.c", "c", "7", `q"\`, "", "☃", "__proto__"}

// TestProjectionIsThatOfEntity holds the skipping of bytes to the projection of parsed entities.
func TestProjectionIsThatOfEntity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		root := entity.NewObject()
		for range rapid.IntRange(0, 5).Draw(t, "members") {
			root.Set(rapid.SampledFrom(projectedKeys).Draw(t, "key"), drawValue(t, 4))
		}
		var fields []string
		for range rapid.IntRange(1, 4).Draw(t, "fields") {
			field := rapid.SampledFrom(projectedKeys).Draw(t, "field")
			for range rapid.IntRange(0, 3).Draw(t, "segments") {
				field += "." + rapid.SampledFrom(projectedKeys).Draw(t, "segment")
			}
			fields = append(fields, field)
		}
		p, err := parseFields(fields)
		if err != nil || p == nil {
			t.Skip("no fields")
		}
		body := entity.AppendJSON(nil, root)
		got, err := p.append(nil, index.Doc{Body: body})
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if want := entity.AppendJSON(nil, p.apply.Apply(root)); string(got) != string(want) {
			t.Fatalf("%q of %s: got %s, want %s", fields, body, got, want)
		}
	})
}

// FuzzProjection: a damaged body is an error, and no more.
func FuzzProjection(f *testing.F) {
	for _, seed := range []string{`{"a":{"b":1,"c":"\"}"},"d":[{}]}`, `{`, `{"a":`, `{"a":"\`, `{"a":1}}`, ``, `{"a"}`, `{"a":,}`, `"`, "{\"\\u12\":1}"} {
		f.Add([]byte(seed), "a.b")
	}
	f.Fuzz(func(t *testing.T, body []byte, field string) {
		p, err := parseFields([]string{field})
		if err != nil || p == nil {
			return
		}
		out, err := p.append(nil, index.Doc{Body: body})
		if err != nil {
			return
		}
		if _, err := entity.ParseObject(out); err != nil {
			t.Fatalf("%q of %q: %q: %v", field, body, out, err)
		}
		whole, err := entity.ParseObject(body)
		if err != nil {
			return
		}
		if want := entity.AppendJSON(nil, p.apply.Apply(whole)); string(want) != string(out) {
			t.Fatalf("%q of %q: got %s, want %s", field, body, out, want)
		}
	})
}

func BenchmarkProjection(b *testing.B) {
	doc := index.Doc{Body: fmt.Appendf(nil, `{"metadata":{"namespace":"default","annotations":{"a/b":%q},"name":"x","uid":"u"},"kind":"Component","spec":{"type":%q},"relations":[%q]}`,
		longText(600), longText(300), longText(600))}
	p, err := parseFields([]string{"kind,metadata.name,metadata.namespace"})
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	for b.Loop() {
		out, _ = p.append(out[:0], doc)
	}
}

func longText(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return string(b)
}
