package router

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// DefaultBodyLimit is how much JSON a plugin's routes take unless they say otherwise (core.md 2.4).
const DefaultBodyLimit = 100 << 10

// ReadJSON reads the request's body as entity values, at most limit bytes of it; 0 stands for DefaultBodyLimit. As
// upstream's parser it takes only objects and lists, and leaves an empty object where there is no body or its
// Content-Type is not JSON. Errors are fit to be returned to the caller: 400 SyntaxError, 413, 415.
func ReadJSON(r *http.Request, limit int64) (any, error) {
	body, err := readBody(r, limit)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return entity.NewObject(), nil
	}
	v, err := entity.ParseJSON(body)
	if err != nil {
		return nil, malformed(body, err)
	}
	return v, nil
}

// DecodeJSON is ReadJSON into a Go value, by encoding/json. A value of another type than dst wants is 400 InputError.
func DecodeJSON(r *http.Request, limit int64, dst any) error {
	body, err := readBody(r, limit)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	err = json.Unmarshal(body, dst)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fault.Input("Invalid request body: %s must be %s, not %s", fieldName(wrong.Field), wrong.Type, wrong.Value)
	}
	if json.Valid(body) {
		return fault.Input("Invalid request body: %s", err)
	}
	return malformed(body, err)
}

func fieldName(path string) string {
	if path == "" {
		return "it"
	}
	return "'" + path + "'"
}

// readBody returns the decompressed body; nil where upstream would not parse it.
func readBody(r *http.Request, limit int64) ([]byte, error) {
	if limit <= 0 {
		limit = DefaultBodyLimit
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" && !strings.HasSuffix(media, "+json") {
		return nil, nil //nolint:nilerr // as upstream: a body that is not declared as JSON is not read
	}
	if charset := strings.ToLower(params["charset"]); charset != "" && charset != "utf-8" && charset != "us-ascii" {
		return nil, unsupported("charset", charset)
	}
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	plain := encoding == "" || encoding == "identity"
	if plain && r.ContentLength > limit {
		return nil, tooLarge(limit, r.ContentLength)
	}
	reader, err := inflate(r.Body, encoding)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if plain && r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	_, err = buf.ReadFrom(io.LimitReader(reader, limit+1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &fault.Error{Name: "RequestTimeoutError", Status: http.StatusRequestTimeout, Message: "request body was not received in time"}
	}
	if err != nil {
		return nil, fault.Input("request body could not be read").CausedBy(errors.New(readFailure(err, encoding)))
	}
	if int64(buf.Len()) > limit {
		return nil, tooLarge(limit, -1)
	}
	body := bytes.TrimPrefix(buf.Bytes(), []byte("\xef\xbb\xbf"))
	if len(body) > 0 && !startsStructure(body) {
		return nil, malformed(body, errors.New("expected an object or a list"))
	}
	return body, nil
}

// startsStructure is upstream's strict mode: scalars are refused.
func startsStructure(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

func inflate(body io.Reader, encoding string) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip":
		reader, err := gzip.NewReader(body)
		if err != nil {
			return nil, fault.Input("request body is not gzip")
		}
		return reader, nil
	case "deflate":
		reader, err := zlib.NewReader(body)
		if err != nil {
			return nil, fault.Input("request body is not deflate")
		}
		return reader, nil
	case "br":
		return brotli.NewReader(body), nil
	default:
		return nil, unsupported("content encoding", encoding)
	}
}

// readFailure keeps texts of the network out of the answer.
func readFailure(err error, encoding string) string {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ended early"
	}
	if encoding != "" && encoding != "identity" {
		return "it is not " + encoding
	}
	return "the connection failed"
}

// The error objects of upstream's body parser; clients show their messages.

func malformed(body []byte, cause error) error {
	const shown = 1 << 10 // upstream echoes the whole body
	e := &fault.Error{Name: "SyntaxError", Status: http.StatusBadRequest, Message: cause.Error()}
	return e.With("expose", true).With("statusCode", http.StatusBadRequest).With("status", http.StatusBadRequest).
		With("body", strings.ToValidUTF8(string(body[:min(len(body), shown)]), "\uFFFD")).With("type", "entity.parse.failed")
}

func tooLarge(limit, length int64) error {
	e := fault.TooLarge("request entity too large")
	if length >= 0 {
		e = e.With("expected", length).With("length", length)
	}
	return e.With("limit", limit).With("type", "entity.too.large")
}

func unsupported(what, value string) error {
	e := &fault.Error{Name: "UnsupportedMediaTypeError", Status: http.StatusUnsupportedMediaType, Message: fmt.Sprintf("unsupported %s %q", what, value)}
	kind := map[string]string{"charset": "charset", "content encoding": "encoding"}[what]
	return e.With(kind, value).With("type", kind+".unsupported")
}
