package entity

import (
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"testing"
)

//go:embed testdata/javascript.json
var javascriptJSON []byte

// javascript reads testdata/javascript.json: what JavaScript makes of awkward inputs.
func javascript(t *testing.T, section string) []any {
	t.Helper()
	o, err := ParseObject(javascriptJSON)
	if err != nil {
		t.Fatal(err)
	}
	items, _ := o.Path(section).([]any)
	if len(items) == 0 {
		t.Fatalf("no section %s", section)
	}
	return items
}

func field(t *testing.T, item any, key string) string {
	t.Helper()
	o, _ := item.(*Object)
	s, ok := o.Path(key).(string)
	if !ok {
		t.Fatalf("no %s in %s", key, AppendJSON(nil, item))
	}
	return s
}

func unquote(t *testing.T, text string) string {
	t.Helper()
	v, err := ParseJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	s, _ := v.(string)
	return s
}

func TestNumbersAsJavaScriptPrintsThem(t *testing.T) {
	t.Parallel()
	for _, item := range javascript(t, "numbers") {
		raw, err := hex.DecodeString(field(t, item, "bits"))
		if err != nil {
			t.Fatal(err)
		}
		f := math.Float64frombits(binary.BigEndian.Uint64(raw))
		if got, want := NumberString(f), field(t, item, "text"); got != want {
			t.Errorf("NumberString(%g) = %q, want %q", f, got, want)
		}
	}
	for f, want := range map[float64]string{math.Inf(1): "Infinity", math.Inf(-1): "-Infinity"} {
		if got := NumberString(f); got != want {
			t.Errorf("NumberString(%g) = %q, want %q", f, got, want)
		}
		if got := string(AppendJSON(nil, f)); got != "null" {
			t.Errorf("AppendJSON(%g) = %s, want null", f, got)
		}
	}
	if got := NumberString(math.NaN()); got != "NaN" {
		t.Errorf("NumberString(NaN) = %q", got)
	}
}

func TestURLsThatJavaScriptTakes(t *testing.T) {
	t.Parallel()
	for _, item := range javascript(t, "urls") {
		url := field(t, item, "url")
		want, _ := item.(*Object).Path("valid").(bool)
		if got := validURL(url); got != want {
			t.Errorf("validURL(%q) = %v, want %v", url, got, want)
		}
	}
}

func TestFoldAndLengthAsInJavaScript(t *testing.T) {
	t.Parallel()
	for _, item := range javascript(t, "folds") {
		text := unquote(t, field(t, item, "text"))
		if got, want := Fold(text), unquote(t, field(t, item, "lower")); got != want {
			t.Errorf("Fold(%q) = %q, want %q", text, got, want)
		}
		want, _ := item.(*Object).Path("length").(float64)
		if got := UTF16Len(text); got != int(want) {
			t.Errorf("UTF16Len(%q) = %d, want %v", text, got, want)
		}
	}
}

func TestStringsComeOutAsJavaScriptWritesThem(t *testing.T) {
	t.Parallel()
	for _, item := range javascript(t, "strings") {
		text, _ := item.(string)
		if got := string(AppendJSON(nil, unquote(t, text))); got != text {
			t.Errorf("%s came back as %s", text, got)
		}
	}
}

func TestOrderAsInJavaScript(t *testing.T) {
	t.Parallel()
	var want []string
	for _, item := range javascript(t, "sorted") {
		text, _ := item.(string)
		want = append(want, unquote(t, text))
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, CompareUTF16)
	if !slices.Equal(got, want) {
		t.Errorf("sorted to %q, want %q", got, want)
	}
	for i, a := range want {
		for j, b := range want {
			if got := CompareUTF16(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("CompareUTF16(%q, %q) = %d", a, b, got)
			}
		}
	}
}

func TestTrimAsInJavaScript(t *testing.T) {
	t.Parallel()
	for _, item := range javascript(t, "trims") {
		text := unquote(t, field(t, item, "text"))
		if got, want := trim(text), unquote(t, field(t, item, "trimmed")); got != want {
			t.Errorf("trim(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestTextsAsJavaScriptParsesThem(t *testing.T) {
	t.Parallel()
	for _, item := range javascript(t, "texts") {
		text := field(t, item, "text")
		v, err := ParseJSON([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, want := string(AppendJSON(nil, v)), field(t, item, "json"); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
	for _, item := range javascript(t, "bad") {
		text, _ := item.(string)
		if v, err := ParseJSON([]byte(text)); err == nil {
			t.Errorf("%q was accepted as %s", text, AppendJSON(nil, v))
		}
	}
}
