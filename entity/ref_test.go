package entity_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
)

// Case 1 of catalog.md 10.
func TestParseRef(t *testing.T) {
	t.Parallel()
	none := entity.RefDefaults{}
	defaults := entity.RefDefaults{Kind: "Group", Namespace: "n"}
	for _, c := range []struct {
		text     string
		defaults entity.RefDefaults
		want     entity.Ref
		canon    string
	}{
		{"a:b/c", none, entity.Ref{Kind: "a", Namespace: "b", Name: "c"}, "a:b/c"},
		{"a:b/c", defaults, entity.Ref{Kind: "a", Namespace: "b", Name: "c"}, "a:b/c"},
		{"a:c", none, entity.Ref{Kind: "a", Namespace: "default", Name: "c"}, "a:default/c"},
		{"a:c", defaults, entity.Ref{Kind: "a", Namespace: "n", Name: "c"}, "a:n/c"},
		{"b/c", defaults, entity.Ref{Kind: "Group", Namespace: "b", Name: "c"}, "group:b/c"},
		{"c", defaults, entity.Ref{Kind: "Group", Namespace: "n", Name: "c"}, "group:n/c"},
		{"b/c:d", defaults, entity.Ref{Kind: "Group", Namespace: "b", Name: "c:d"}, "group:b/c:d"},
		{"a:b/c/d:e", none, entity.Ref{Kind: "a", Namespace: "b", Name: "c/d:e"}, "a:b/c/d:e"},
		{"a:b:c", none, entity.Ref{Kind: "a", Namespace: "default", Name: "b:c"}, "a:default/b:c"},
		{"User:Other/Bob", none, entity.Ref{Kind: "User", Namespace: "Other", Name: "Bob"}, "user:other/bob"},
		{"K:N/ΑΣ", none, entity.Ref{Kind: "K", Namespace: "N", Name: "ΑΣ"}, "k:n/ας"},
	} {
		got, err := entity.ParseRef(c.text, c.defaults)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
		if got.String() != c.canon {
			t.Errorf("%q is %s, want %s", c.text, got, c.canon)
		}
	}
}

func TestParseRefErrors(t *testing.T) {
	t.Parallel()
	form := func(s string) string {
		return `Entity reference "` + s + `" was not on the form [<kind>:][<namespace>/]<name>`
	}
	for _, c := range []struct {
		text     string
		defaults entity.RefDefaults
		name     string
		message  string
	}{
		{"", entity.RefDefaults{Kind: "k"}, "Error", "Entity reference must not be empty"},
		{":b/c", entity.RefDefaults{Kind: "k"}, "TypeError", form(":b/c")},
		{"a:/c", entity.RefDefaults{}, "TypeError", form("a:/c")},
		{"a:b/", entity.RefDefaults{}, "TypeError", form("a:b/")},
		{"a:", entity.RefDefaults{}, "TypeError", form("a:")},
		{"/c", entity.RefDefaults{Kind: "k"}, "TypeError", form("/c")},
		{"c", entity.RefDefaults{}, "Error", `Entity reference "c" had missing or empty kind (e.g. did not start with "component:" or similar)`},
		{`b/"c`, entity.RefDefaults{}, "Error", `Entity reference "b/\"c" had missing or empty kind (e.g. did not start with "component:" or similar)`},
	} {
		_, err := entity.ParseRef(c.text, c.defaults)
		var syntax *entity.SyntaxError
		if !errors.As(err, &syntax) || syntax.Name != c.name || syntax.Message != c.message {
			t.Errorf("%q: %v, want %s: %s", c.text, err, c.name, c.message)
		}
	}
}

func TestParseLocationRef(t *testing.T) {
	t.Parallel()
	got, err := entity.ParseLocationRef(" url : https://host/a:b ")
	if want := (entity.LocationRef{Type: "url", Target: "https://host/a:b"}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"":                        "Unable to parse location ref '', expected '<type>:<target>', e.g. 'url:https://host/path'",
		"hello":                   "Unable to parse location ref 'hello', expected '<type>:<target>', e.g. 'url:https://host/path'",
		":hello":                  "Unable to parse location ref ':hello', expected '<type>:<target>', e.g. 'url:https://host/path'",
		"hello: ":                 "Unable to parse location ref 'hello: ', expected '<type>:<target>', e.g. 'url:https://host/path'",
		"https://bleh":            "Invalid location ref 'https://bleh', please prefix it with 'url:', e.g. 'url:https://bleh'",
		"url:javascript:bad()":    "Invalid location ref 'url:javascript:bad()', target is a javascript: URL",
		"url:\x01JAVA\nScript\t:": "Invalid location ref 'url:\x01JAVA\nScript\t:', target is a javascript: URL",
	} {
		_, err := entity.ParseLocationRef(text)
		var syntax *entity.SyntaxError
		if !errors.As(err, &syntax) || syntax.Name != "TypeError" || syntax.Message != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestIsScriptURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"javascript:alert(1)":              true,
		"JavaScript:alert(1)":              true,
		" \x00\x1f\tjavascript:x":          true,
		"j\na\rv\ta\n\nscript\r\n:x":       true,
		"java script:x":                    false,
		"javascript":                       false,
		"https://host/javascript:x":        false,
		"xjavascript:x":                    false,
		"javascript\u200b:x":               false,
		"\u00a0javascript:x":               false,
		"":                                 false,
		"javascript.example.com:8080/path": false,
	} {
		if got := entity.IsScriptURL(url); got != want {
			t.Errorf("IsScriptURL(%q) = %v", url, got)
		}
	}
}

func TestGeneratedLocation(t *testing.T) {
	t.Parallel()
	location := entity.LocationRef{Type: "url", Target: "http://127.0.0.1:7018/files/extra.yaml"}
	got := stringify(entity.GeneratedLocation{Location: location, Presence: "optional"}.Entity())
	want := `{"apiVersion":"backstage.io/v1alpha1","kind":"Location","metadata":{"name":"generated-187b56d1c98f4ae556d4ddffb667de1d73d8601a","namespace":"default",` +
		`"annotations":{"backstage.io/managed-by-location":"url:http://127.0.0.1:7018/files/extra.yaml","backstage.io/managed-by-origin-location":"url:http://127.0.0.1:7018/files/extra.yaml"}},` +
		`"spec":{"type":"url","target":"http://127.0.0.1:7018/files/extra.yaml","presence":"optional"}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	parent := entity.FromObject(mustParse(t, `{"metadata":{"annotations":{
		"backstage.io/managed-by-location":"file:/a","backstage.io/managed-by-origin-location":"file:/root"}}}`))
	child := entity.GeneratedLocation{Location: location, Parent: parent}.Entity()
	own, _ := child.Annotation(entity.AnnotationLocation)
	origin, _ := child.Annotation(entity.AnnotationOriginLocation)
	if own != "file:/a" || origin != "file:/root" || child.Spec().Has("presence") {
		t.Errorf("an emitted location does not take after its parent: %s", stringify(child))
	}
}
