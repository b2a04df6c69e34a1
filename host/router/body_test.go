package router_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/router"
)

func bodies(t *testing.T) *fixture {
	t.Helper()
	return start(t, router.Config{}, router.Options{}, func(rt *router.Router) {
		p := plugin(t, rt, "catalog")
		p.Handle("POST /read", func(w http.ResponseWriter, r *http.Request) error {
			v, err := router.ReadJSON(r, 0)
			if err != nil {
				return err
			}
			_, err = w.Write(entity.AppendJSON(nil, v))
			return err
		})
		p.Handle("POST /decode", func(w http.ResponseWriter, r *http.Request) error {
			dst := struct {
				Name  string          `json:"name"`
				Inner struct{ N int } `json:"inner"`
			}{Name: "unset"}
			if err := router.DecodeJSON(r, 1000, &dst); err != nil {
				return err
			}
			_, err := io.WriteString(w, dst.Name)
			return err
		})
	})
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	f := bodies(t)
	big := `{"a":"` + strings.Repeat("x", 100<<10) + `"}`
	for _, c := range []struct {
		name, body, contentType string
		status                  int
		want                    string // a part of the answer
	}{
		{"object", `{"b":1,"a":[true,null]}`, "application/json", 200, `{"b":1,"a":[true,null]}`},
		{"list, charset", `[1]`, "application/json; charset=UTF-8", 200, `[1]`},
		{"byte order mark", "\ufeff{}", "application/json", 200, `{}`},
		{"json suffix", `{"a":1}`, "application/merge-patch+json", 200, `{"a":1}`},
		{"no body", ``, "application/json", 200, `{}`},
		{"other type", `{"a":1}`, "text/plain", 200, `{}`},
		{"no type", `{"a":1}`, "", 200, `{}`},
		{"form", `a=1`, "application/x-www-form-urlencoded", 200, `{}`},
		{"malformed", `{`, "application/json", 400, `{"error":{"name":"SyntaxError","message":`},
		{"malformed: fields of the parser", `{`, "application/json", 400, `"expose":true,"statusCode":400,"status":400,"body":"{","type":"entity.parse.failed"},"request":{"method":"POST","url":"/read"},"response":{"statusCode":400}}`},
		{"scalar", `"text"`, "application/json", 400, `"name":"SyntaxError"`},
		{"blank", `  `, "application/json", 400, `"name":"SyntaxError"`},
		{"trailing", `{} x`, "application/json", 400, `"name":"SyntaxError"`},
		{"at the limit", big[:100<<10-2] + `"}`, "application/json", 200, `{"a":"xxx`},
		{"over the limit", big, "application/json", 413, `{"error":{"name":"PayloadTooLargeError","message":"request entity too large","expected":102408,"length":102408,"limit":102400,"type":"entity.too.large"}`},
		{"charset", `{}`, "application/json; charset=latin1", 415, `"name":"UnsupportedMediaTypeError","message":"unsupported charset \"latin1\"","charset":"latin1","type":"charset.unsupported"`},
	} {
		a := f.do(http.MethodPost, "/api/catalog/read", c.body, "Content-Type: "+c.contentType)
		if a.StatusCode != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %.300s, want %d %s", c.name, a.StatusCode, a.body, c.status, c.want)
		}
	}
}

func TestReadCompressedJSON(t *testing.T) {
	t.Parallel()
	f := bodies(t)
	pack := func(text string, writer func(io.Writer) io.WriteCloser) string {
		var buf bytes.Buffer
		w := writer(&buf)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return buf.String()
	}
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	for _, c := range []struct {
		name, encoding, body string
		status               int
		want                 string
	}{
		{"gzip", "gzip", pack(`{"a":1}`, gz), 200, `{"a":1}`},
		{"deflate", "deflate", pack(`{"a":1}`, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }), 200, `{"a":1}`},
		{"br", "br", pack(`{"a":1}`, func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }), 200, `{"a":1}`},
		{"identity", "identity", `{"a":1}`, 200, `{"a":1}`},
		{"bomb", "gzip", pack(`{"a":"`+strings.Repeat("x", 4<<20)+`"}`, gz), 413, `"message":"request entity too large","limit":102400,"type":"entity.too.large"`},
		{"garbage", "gzip", "not gzip", 400, "request body is not gzip"},
		{"cut", "gzip", pack(`{"a":1}`, gz)[:12], 400, "request body could not be read"},
		{"unknown", "zstd", `{}`, 415, `unsupported content encoding \"zstd\"`},
	} {
		a := f.do(http.MethodPost, "/api/catalog/read", c.body, "Content-Type: application/json", "Content-Encoding: "+c.encoding)
		if a.StatusCode != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %.300s, want %d %s", c.name, a.StatusCode, a.body, c.status, c.want)
		}
	}
	// A length that is not announced is counted all the same.
	chunked := "POST /api/catalog/read HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" + strings.Repeat("[", 0x20000) + "\r\n0\r\n\r\n"
	if a := f.raw(chunked); a.StatusCode != 413 {
		t.Errorf("chunked: %d %.200s", a.StatusCode, a.body)
	}
}

func TestDecodeJSON(t *testing.T) {
	t.Parallel()
	f := bodies(t)
	for body, want := range map[string]string{
		`{"name":"x","more":1}`:    "x",
		``:                         "unset",
		`{"name":1}`:               `"message":"Invalid request body: 'name' must be string, not number"`,
		`{"inner":{"N":"x"}}`:      `"message":"Invalid request body: 'inner.N' must be int, not string"`,
		`[]`:                       `"name":"InputError"`,
		`{"name":"` + "\xff" + `"`: `"name":"SyntaxError"`,
		`{"name":"` + strings.Repeat("x", 1000) + `"}`: `"limit":1000`,
	} {
		if a := f.do(http.MethodPost, "/api/catalog/decode", body, "Content-Type: application/json"); !strings.Contains(a.body, want) {
			t.Errorf("%.100q: %s, want %s", body, a.body, want)
		}
	}
}
