package entity_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/understudy-portal/understudy/entity"
)

func mustParse(t testing.TB, text string) *entity.Object {
	t.Helper()
	o, err := entity.ParseObject([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

func stringify(v any) string { return string(entity.AppendJSON(nil, v)) }

// TestObjectIsAnOrderedMap holds an Object against the plainest ordered map there is.
func TestObjectIsAnOrderedMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := entity.NewObject()
		var keys []string
		values := map[string]any{}
		key := rapid.Custom(func(t *rapid.T) string {
			n := rapid.IntRange(0, 25).Draw(t, "n")
			if n%3 == 0 {
				return strconv.Itoa(n)
			}
			return "k" + strconv.Itoa(n)
		})
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			k := key.Draw(t, "key")
			if rapid.IntRange(0, 2).Draw(t, "op") == 0 {
				o.Delete(k)
				delete(values, k)
				keys = slices.DeleteFunc(keys, func(s string) bool { return s == k })
				continue
			}
			v := float64(rapid.IntRange(0, 9).Draw(t, "value"))
			o.Set(k, v)
			if _, ok := values[k]; !ok {
				keys = append(keys, k)
			}
			values[k] = v
		}
		slices.SortStableFunc(keys, indexesFirst)
		for _, c := range []*entity.Object{o, o.Clone(), entity.CollectObject(o.All())} {
			if got := c.Keys(); !slices.Equal(got, keys) {
				t.Fatalf("keys %v, want %v", got, keys)
			}
			if c.Len() != len(keys) {
				t.Fatalf("Len %d, want %d", c.Len(), len(keys))
			}
			for k, want := range values {
				if got, ok := c.Get(k); !ok || got != want {
					t.Fatalf("%s is %v, want %v", k, got, want)
				}
			}
		}
	})
}

func indexesFirst(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	switch {
	case errX == nil && errY == nil:
		return x - y
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	default:
		return 0
	}
}

func TestNilObjectReadsLikeAnEmptyOne(t *testing.T) {
	t.Parallel()
	var o *entity.Object
	if _, ok := o.Get("a"); ok || o.Len() != 0 || o.Path("a", "b") != nil || len(o.Keys()) != 0 || o.Clone() != nil {
		t.Error("a nil object is not empty")
	}
	var e entity.Entity
	if e.Name() != "" || e.Namespace() != "default" || e.Spec() != nil || e.Relations() != nil {
		t.Error("an entity without an object is not empty")
	}
}

func TestCloneSharesNothing(t *testing.T) {
	t.Parallel()
	o := mustParse(t, `{"a":{"b":[1,{"c":2}]}}`)
	before := stringify(o)
	c := o.Clone()
	inner, _ := c.Path("a").(*entity.Object)
	list, _ := inner.Path("b").([]any)
	list[0] = "changed"
	last, _ := list[1].(*entity.Object)
	last.Set("c", "changed")
	if got := stringify(o); got != before {
		t.Errorf("changing the clone changed the original: %s", got)
	}
}

// TestLargeObjectsDoNotBlowUp would take minutes if any of these steps were quadratic.
func TestLargeObjectsDoNotBlowUp(t *testing.T) {
	t.Parallel()
	const n = 200_000
	text := []byte{'{'}
	for i, k := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		if i > 0 {
			text = append(text, ',')
		}
		if k%2 == 0 {
			text = fmt.Appendf(text, `"%d":1`, k)
		} else {
			text = fmt.Appendf(text, `"k%d":1,"k%d":2`, k, k)
		}
	}
	o, err := entity.ParseObject(append(text, '}'))
	if err != nil {
		t.Fatal(err)
	}
	if o.Len() != n || o.Keys()[1] != "2" {
		t.Fatalf("%d keys, the second %q", o.Len(), o.Keys()[1])
	}
	for _, k := range o.Keys()[:n-1] {
		o.Delete(k)
	}
	for i := range n {
		o.Set("new"+strconv.Itoa(i), nil)
	}
	if o.Len() != n+1 {
		t.Errorf("%d keys are left", o.Len())
	}
}

func TestMergeLaysTopOverBase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ base, top, want string }{
		{
			`{"metadata":{"annotations":{"a":"1"}}}`, `{"kind":"K","metadata":{"name":"n","annotations":{"b":"2","a":"3"}}}`,
			`{"metadata":{"annotations":{"a":"3","b":"2"},"name":"n"},"kind":"K"}`,
		},
		{`{"a":[1,2,3]}`, `{"a":[4]}`, `{"a":[4]}`},
		{`{"a":{"b":1}}`, `{"a":null}`, `{"a":null}`},
		{`{"a":1}`, `{"a":{"b":2}}`, `{"a":{"b":2}}`},
		{`{}`, `{"__proto__":{"x":1}}`, `{"__proto__":{"x":1}}`},
	} {
		base, top := mustParse(t, c.base), mustParse(t, c.top)
		merged := entity.Merge(base, top)
		if got := stringify(merged); got != c.want {
			t.Errorf("%s over %s is %s, want %s", c.top, c.base, got, c.want)
		}
		if stringify(base) != c.base || stringify(top) != c.top {
			t.Errorf("merging changed its arguments to %s and %s", stringify(base), stringify(top))
		}
	}
}

func TestEqualValuesIgnoresTheOrderOfKeys(t *testing.T) {
	t.Parallel()
	a := mustParse(t, `{"a":1,"b":[{"c":null,"d":"x"}]}`)
	b := mustParse(t, `{"b":[{"d":"x","c":null}],"a":1}`)
	if !entity.EqualValues(a, b) || string(entity.StableJSON(a)) != string(entity.StableJSON(b)) {
		t.Error("the same value in another order is another value")
	}
	for _, other := range []string{`{"a":1}`, `{"a":1,"b":[{"c":null,"e":"x"}]}`, `{"a":[],"b":{}}`, `{"a":"1","b":[{"c":null,"d":"x"}]}`} {
		if entity.EqualValues(a, mustParse(t, other)) {
			t.Errorf("%s equals %s", other, stringify(a))
		}
	}
	if got, want := string(entity.StableJSON(b)), `{"a":1,"b":[{"c":null,"d":"x"}]}`; got != want {
		t.Errorf("StableJSON is %s, want %s", got, want)
	}
}
