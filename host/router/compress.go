package router

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// encoder is what both compressors are.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

// encoderPool keeps compressors, whose tables are far larger than what they compress.
type encoderPool struct {
	header []string
	pool   sync.Pool
}

func (p *encoderPool) get(w io.Writer) encoder {
	e, _ := p.pool.Get().(encoder)
	e.Reset(w)
	return e
}

func (p *encoderPool) put(e encoder) {
	e.Reset(io.Discard) // lets go of the request
	p.pool.Put(e)
}

// encoders are the encodings on offer. Upstream also has deflate, which nobody prefers and which clients disagree about.
type encoders struct{ br, gzip encoderPool }

func newEncoders() *encoders {
	e := &encoders{br: encoderPool{header: []string{"br"}}, gzip: encoderPool{header: []string{"gzip"}}}
	// Quality 4 is upstream's.
	e.br.pool.New = func() any { return brotli.NewWriterLevel(io.Discard, 4) }
	e.gzip.pool.New = func() any {
		w, err := gzip.NewWriterLevel(io.Discard, 5)
		if err != nil {
			panic(err) // the level is ours
		}
		return w
	}
	return e
}

// negotiate picks the encoding that the caller likes best, brotli when tied; nil is none.
func (e *encoders) negotiate(accept []string) *encoderPool {
	if len(accept) == 0 {
		return nil
	}
	br, gz, identity := weights(strings.Join(accept, ","))
	switch {
	case br > 0 && br >= gz && br >= identity:
		return &e.br
	case gz > 0 && gz >= identity:
		return &e.gzip
	default:
		return nil
	}
}

// weights reads the quality of each encoding. One that is not named has that of "*"; identity, unless named, ranks below
// all that are.
func weights(accept string) (br, gz, identity float64) {
	br, gz = -1, -1
	star := 0.0
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		q := quality(params)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "br":
			br = q
		case "gzip", "x-gzip":
			gz = q
		case "identity":
			identity = q
		case "*":
			star = q
		}
	}
	if br < 0 {
		br = star
	}
	if gz < 0 {
		gz = star
	}
	return br, gz, identity
}

func quality(params string) float64 {
	if params == "" {
		return 1
	}
	for param := range strings.SplitSeq(params, ";") {
		value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(param)), "q=")
		if !ok {
			continue
		}
		q, err := strconv.ParseFloat(value, 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 1
}

// compressible tells by the type of the content whether compressing it can pay. Event streams are left alone: their
// events must arrive one by one, and proxies on the way do worse with compressed ones.
func compressible(h http.Header) bool {
	types := h["Content-Type"]
	if len(types) == 0 || types[0] == "" {
		return false
	}
	if types[0] != jsonType && !compressibleType(types[0]) {
		return false
	}
	for _, directive := range h["Cache-Control"] {
		if strings.Contains(strings.ToLower(directive), "no-transform") {
			return false
		}
	}
	return true
}

func compressibleType(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	switch media {
	case "text/event-stream":
		return false
	case "application/json", "application/javascript", "application/xml", "application/x-ndjson", "application/yaml", "application/x-yaml",
		"application/wasm", "application/manifest+json", "application/graphql", "application/x-javascript", "application/rtf",
		"application/vnd.ms-fontobject", "font/ttf", "font/otf", "image/bmp", "image/svg+xml", "image/x-icon", "image/vnd.microsoft.icon":
		return true
	}
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "+json") || strings.HasSuffix(media, "+xml") ||
		strings.HasSuffix(media, "+text") || strings.HasSuffix(media, "+yaml")
}
