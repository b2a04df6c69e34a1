package proxy

import "testing"

func TestPlain(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"": "/", "/": "/", "/a/b": "/a/b", "//a///b/": "/a/b", "/./a/./b/.": "/a/b", "/%61/%2562": "/A/B", "/%25252561": "/A", "/a%2fb": "/a/b",
		`/a\\b`: "/A/B", "/a%5cb": "/A/B", "/a;x=1/b;y": "/A/B", "/;/a": "/A", "/a%3bx/b": "/A/B", "/a./b%20./c%00d": "/A/B/C", "/a%23x/b%3Fy": "/A/B",
		"/\u212a%e2%84%aa": "/KK", "/%": "/%", "/%zz%4": "/%ZZ%4", "/a%2%35%36": "/A%6", "/a%2%3541": "/AA", "/.a/..b": "/.a/..b", "/a;b;c/d": "/A/D",
	} {
		got, certain := plain(raw)
		if !certain || len(got) != len(want) || !within(want, got) {
			t.Errorf("%q is %q, %v; want %q", raw, got, certain, want)
		}
	}
	for _, raw := range []string{"/a/%252e%252e/b", "/a/..", "/a/%252e%252e;x/b", "/a;%2fx/b", "/a;%255cx/b", "/a%3bx%2fy", "/%25ff"} {
		if got, certain := plain(raw); certain {
			t.Errorf("%q is certainly %q", raw, got)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("/a//%2561;x/../%00b")
	f.Fuzz(func(t *testing.T, raw string) {
		once, certain := plain(raw)
		if !certain {
			return
		}
		if again, certain := plain(once); !certain || len(again) != len(once) || !within(once, again) {
			t.Errorf("%q is %q, and that is %q", raw, once, again)
		}
	})
}
