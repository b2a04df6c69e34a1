package rely

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{` {"b" : 1.0, "a":[ true , null,{}] } `, `{"a":[true,null,{}],"b":1.0}`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`"\u003c\/\u000A\u001f\u00e9\ud83d\ude00\ud800"`, `"</\n\u001fé😀\ud800"`},
		{`"` + "\u2028<>&" + `"`, `"` + "\u2028<>&" + `"`},
		{"{\"\U0001f600\":1,\"\uffff\":2}", "{\"\U0001f600\":1,\"\uffff\":2}"}, // by UTF-16, not by bytes
		{"{\"\uffff\":2,\"\U0001f600\":1}", "{\"\U0001f600\":1,\"\uffff\":2}"},
		{`-1.5e+10`, `-1.5e+10`},
	} {
		got, err := canonical([]byte(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s (%v), want %s", c.in, got, err, c.want)
		}
		if again, err := canonical([]byte(got)); err != nil || again != got {
			t.Errorf("%s: not stable: %s (%v)", c.in, again, err)
		}
	}
	for _, bad := range []string{
		"", "{", "[1,]", `{"a":1,}`, `{a:1}`, `"a`, "\"\x01\"", "01", "1.", "tru", "1 2", "\"\xff\"", `"\x"`, `"\u12"`, "[1 2]", `{"a" 1}`,
		string(bytes.Repeat([]byte("["), 300)),
	} {
		if got, err := canonical([]byte(bad)); err == nil {
			t.Errorf("%s: taken as %s", bad, got)
		}
	}
}

func TestTakeApart(t *testing.T) {
	t.Parallel()
	doc, err := canonical([]byte(`{"list":[1,"a,]\"",{"x":[2]},null],"text":"\"}","empty":{},"none":[]}`))
	if err != nil {
		t.Fatal(err)
	}
	list, _ := doc.at("list")
	var parts []string
	for _, e := range list.elements() {
		parts = append(parts, string(e))
	}
	if got := len(parts); got != 4 || parts[1] != `"a,]\""` || parts[2] != `{"x":[2]}` {
		t.Errorf("elements: %q", parts)
	}
	if object(doc.members()) != doc {
		t.Errorf("members do not make the object again: %s", object(doc.members()))
	}
	if text, _ := doc.at("text"); text.str() != `"}` {
		t.Errorf("text: %q", text.str())
	}
}

// FuzzCanonical takes what encoding/json takes, with the same meaning.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"b\n",{"c":null}]}`, `"\ud83d\ude00"`, `[[],{}]`, `1e5`, `{"b":1,"a":2,"b":3}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := canonical(text)
		if err != nil {
			return
		}
		var want, have any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Skip() // a number out of range, or U+FFFD for what we keep
		}
		if err := json.Unmarshal([]byte(got), &have); err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(have)
		if !bytes.Equal(a, b) {
			t.Fatalf("%q became %q", text, got)
		}
		if got.kind() == '{' && object(got.members()) != got {
			t.Fatalf("%q: members do not make it again", got)
		}
	})
}
