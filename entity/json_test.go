package entity_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/understudy-portal/understudy/entity"
)

// values draws JSON values. Strings have lone surrogates and numbers extremes in them.
func values() *rapid.Generator[any] {
	text := rapid.SampledFrom([]string{"", "a", "kind", "metadata", "İΣ", "\xed\xa0\xbd", "😀", "\"\\\n\x00", "<&>", "12", "7", "a.b"})
	scalar := rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f + 0 }),
		rapid.Map(rapid.Int32(), func(n int32) any { return float64(n) }),
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
	)
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return scalar
		}
		inner := value(depth - 1)
		return rapid.OneOf(
			scalar,
			rapid.Map(rapid.SliceOfN(inner, 0, 4), func(items []any) any { return append([]any{}, items...) }),
			rapid.Custom(func(t *rapid.T) any {
				o := entity.NewObject()
				for range rapid.IntRange(0, 16).Draw(t, "n") {
					o.Set(rapid.OneOf(text, rapid.String()).Draw(t, "key"), inner.Draw(t, "value"))
				}
				return o
			}),
		)
	}
	return value(3)
}

func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "value")
		text := stringify(v)
		back, err := entity.ParseJSON([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again := stringify(back); again != text {
			t.Fatalf("%s became %s", text, again)
		}
		if !entity.EqualValues(v, back) {
			t.Fatalf("%s is not the same value again", text)
		}
	})
}

func TestJSONNestingIsLimited(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		depth int
		ok    bool
	}{{1000, true}, {1001, false}, {5_000_000, false}} {
		for _, brackets := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			text := strings.Repeat(brackets[0], c.depth) + "1" + strings.Repeat(brackets[1], c.depth)
			if _, err := entity.ParseJSON([]byte(text)); (err == nil) != c.ok {
				t.Errorf("%d levels of %s: %v", c.depth, brackets[0], err)
			}
		}
	}
}

func TestJSONErrorsHaveAPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"a":1,}`:  "unexpected character '}' in JSON at position 7",
		`{"a":`:     "unexpected end in JSON at position 5",
		`"abc`:      "unterminated string in JSON at position 4",
		`[1] x`:     "unexpected character 'x' in JSON at position 4",
		"\"a\x01\"": "unescaped control character in JSON at position 2",
	} {
		_, err := entity.ParseJSON([]byte(text))
		var broken *entity.JSONError
		if !errors.As(err, &broken) || broken.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := entity.ParseObject([]byte(`[1]`)); err == nil || !strings.Contains(err.Error(), "expected an object, got array") {
		t.Errorf("a list instead of an object: %v", err)
	}
}

func TestObjectsInsideStructs(t *testing.T) {
	t.Parallel()
	type answer struct {
		Object *entity.Object `json:"object"`
		Entity entity.Entity  `json:"entity"`
		None   *entity.Object `json:"none"`
	}
	const text = `{"object":{"z":1,"a":[null]},"entity":{"kind":"K","2":"x"},"none":null}`
	var got answer
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(got)
	if want := `{"object":{"z":1,"a":[null]},"entity":{"2":"x","kind":"K"},"none":null}`; err != nil || string(out) != want {
		t.Errorf("got %s, %v; want %s", out, err, want)
	}
	if err := json.Unmarshal([]byte(`{"object":[1]}`), &got); err == nil {
		t.Error("a list was taken for an object")
	}
}

func TestJSONRepairsWhatIsNoUTF8(t *testing.T) {
	t.Parallel()
	v, err := entity.ParseJSON([]byte("\ufeff[\"a\xffb\"]"))
	if err != nil || stringify(v) != "[\"a\ufffdb\"]" {
		t.Errorf("got %s, %v", stringify(v), err)
	}
	if got := stringify("a\xffb"); got != "\"a\ufffdb\"" {
		t.Errorf("got %s", got)
	}
}
