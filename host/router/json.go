package router

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the ETag that upstream computes; nothing rests on it
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/understudy-portal/understudy/entity"
)

const jsonType = "application/json; charset=utf-8"

// Header values that never change are shared: nobody changes the elements of such a slice, and appending copies it.
var jsonTypeValue = []string{jsonType}

// WriteJSON writes v as JavaScript's JSON.stringify would: compact (but with NODE_ENV=development), without HTML
// escaping. It sets Content-Type, Content-Length and a weak ETag, and answers 304 where the caller has that version
// (core.md 2.4). An error means that nothing was written.
func WriteJSON(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := AppendJSON(nil, v)
	if err != nil {
		return fmt.Errorf("encode the response: %w", err)
	}
	if x := exchangeOf(r.Context()); x != nil && x.router.opts.Development {
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, body, "", "  "); err != nil {
			return fmt.Errorf("indent the response: %w", err)
		}
		body = pretty.Bytes()
	}
	return WriteRawJSON(w, r, status, body)
}

// WriteRawJSON is WriteJSON for a body that is JSON already. The body may be shared; it is only read. An ETag that the
// handler has set is kept.
func WriteRawJSON(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	h := w.Header()
	if _, set := h["Etag"]; !set {
		h["Etag"] = []string{weakETag(body)}
	}
	if fresh(r, status, h["Etag"]) {
		delete(h, "Content-Type")
		// What a cache keeps of a 304 must vary as the 200 does.
		addVary(h, "Accept-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if _, set := h["Content-Type"]; !set {
		h["Content-Type"] = jsonTypeValue
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	// A write fails when the caller is gone, and then there is nobody to tell.
	_, _ = w.Write(body)
	return nil
}

// AppendJSON appends v as JSON.stringify would write it.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case *entity.Object:
		return entity.AppendJSON(dst, v), nil
	case entity.Entity:
		return entity.AppendJSON(dst, v.Object), nil
	case json.RawMessage:
		return append(dst, v...), nil
	case []any:
		if isEntityValue(v) {
			return entity.AppendJSON(dst, v), nil
		}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return append(dst, unescapeSeparators(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))...), nil
}

// isEntityValue reports whether v came out of entity's parser: such a list needs no reflection.
func isEntityValue(v any) bool {
	switch v := v.(type) {
	case nil, bool, float64, string, *entity.Object:
		return true
	case []any:
		for _, item := range v {
			if !isEntityValue(item) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// unescapeSeparators undoes the one escape too many that encoding/json does: U+2028 and U+2029.
func unescapeSeparators(b []byte) []byte {
	if !bytes.Contains(b, []byte(`\u202`)) {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] != '\\' || i+1 == len(b):
			out = append(out, b[i])
		case bytes.HasPrefix(b[i:], []byte(`\u2028`)):
			out, i = append(out, "\u2028"...), i+5
		case bytes.HasPrefix(b[i:], []byte(`\u2029`)):
			out, i = append(out, "\u2029"...), i+5
		default:
			out, i = append(out, b[i], b[i+1]), i+1
		}
	}
	return out
}

// weakETag is the one that Express makes: the length in hexadecimal and the first 27 characters of the SHA-1.
func weakETag(body []byte) string {
	sum := sha1.Sum(body) //nolint:gosec // see the import
	var buf [64]byte
	out := append(buf[:0], `W/"`...)
	out = strconv.AppendInt(out, int64(len(body)), 16)
	out = append(out, '-')
	var text [28]byte
	base64.StdEncoding.Encode(text[:], sum[:])
	out = append(out, text[:27]...)
	return string(append(out, '"'))
}

// fresh reports whether the caller's copy is current.
func fresh(r *http.Request, status int, etag []string) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || status < 200 || status > 299 || len(etag) == 0 {
		return false
	}
	match := r.Header["If-None-Match"]
	if len(match) == 0 || strings.Contains(r.Header.Get("Cache-Control"), "no-cache") {
		return false
	}
	ours := strings.TrimPrefix(etag[0], "W/")
	for _, line := range match {
		for theirs := range strings.SplitSeq(line, ",") {
			theirs = strings.TrimSpace(theirs)
			if theirs == "*" || strings.TrimPrefix(theirs, "W/") == ours {
				return true
			}
		}
	}
	return false
}

// addVary adds name to what the response depends on, in the one header line that upstream writes.
func addVary(h http.Header, name string) {
	old := h["Vary"]
	if len(old) == 0 {
		if name == "Accept-Encoding" {
			h["Vary"] = varyEncoding
			return
		}
		h["Vary"] = []string{name}
		return
	}
	all := strings.Join(old, ", ")
	for have := range strings.SplitSeq(all, ",") {
		if have = strings.TrimSpace(have); have == "*" || strings.EqualFold(have, name) {
			return
		}
	}
	h["Vary"] = []string{all + ", " + name}
}

var varyEncoding = []string{"Accept-Encoding"}
