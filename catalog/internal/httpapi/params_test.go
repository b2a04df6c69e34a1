package httpapi

import (
	"slices"
	"testing"

	"github.com/understudy-portal/understudy/catalog/internal/ledger"
	"github.com/understudy-portal/understudy/entity"
)

func TestParsePairs(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]params{
		"":                  nil,
		"&&":                nil,
		"a=1&b=2&a=3":       {{"a", "1"}, {"b", "2"}, {"a", "3"}},
		"a":                 {{"a", ""}},
		"=x":                {{"", "x"}},
		"a=b=c":             {{"a", "b=c"}},
		"a+b=%20c%2B":       {{"a b", " c+"}},
		"a=100%":            {{"a", "100%"}},
		"a=%zz%41%4":        {{"a", "%zzA%4"}},
		"a=%+b":             {{"a", "% b"}},
		"f;g=1;2":           {{"f;g", "1;2"}},
		"a=%ff":             {{"a", "\uFFFD"}},
		"a=\xff%41":         {{"a", "\uFFFDA"}},
		"x=%E2%98%83&y=☃":   {{"x", "☃"}, {"y", "☃"}},
		"filter=kind%3Dapi": {{"filter", "kind=api"}},
	} {
		if got := parsePairs(raw); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestEncodeIsThatOfURLSearchParams(t *testing.T) {
	t.Parallel()
	p := params{{"a", "1"}, {"b", "x y*~-._☃"}, {"a", "2"}, {"offset", "3"}}
	if got, want := p.without("offset").set("a", "&="), "a=%26%3D&b=x+y*%7E-._%E2%98%83"; got.encode() != want {
		t.Errorf("got %s, want %s", got.encode(), want)
	}
	if got, want := p.without("a").set("after", "c"), "b=x+y*%7E-._%E2%98%83&offset=3&after=c"; got.encode() != want {
		t.Errorf("got %s, want %s", got.encode(), want)
	}
	if len(p) != 4 {
		t.Error("the parameters themselves changed")
	}
}

func TestJSNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"7": 7, " 7 ": 7, "1e3": 1000, "0x10": 16, "0b11": 3, "0o17": 15, "-1": -1, "+2": 2, ".5": 0.5, "1.": 1, "007": 7} {
		if got, ok := jsNumber(text); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", "abc", "1_000", "Infinity", "NaN", "inf", "0x", "0xg", "1e999", "0x1p4", "1 2", "--1"} {
		if got, ok := jsNumber(text); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestIntegerStaysWithinReason(t *testing.T) {
	t.Parallel()
	n, ok, err := params{{"limit", "9e15"}}.integer("limit")
	if err != nil || !ok || n <= 0 || n+n+1 <= n {
		t.Errorf("got %d %v %v", n, ok, err)
	}
}

func TestLocationScalars(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		`{"target":7}`: true, `{"target":"7"}`: true, `{"type":true}`: true, `{"type":false}`: false, `{"type":{"$in":[true,1]}}`: true, `{"target":{"$in":[]}}`: false,
	} {
		o, err := entity.ParseObject([]byte(query))
		if err != nil {
			t.Fatal(err)
		}
		if err := checkLocationQuery(o); err != nil {
			t.Errorf("%s: %v", query, err)
		}
		if got := locationMatches(o, ledger.Location{Type: "True", Target: "7"}); got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
}

func TestDecodeBase64IsLenient(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"aGVsbG8=": "hello", "aGVsbG8": "hello", "aGVs bG8\n": "hello", "aGVsbG8=ignored": "hello", "_-8": "\xff\xef", "/+8=": "\xff\xef", "!!": "", "a": "", "": "",
	} {
		if got := string(decodeBase64(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
