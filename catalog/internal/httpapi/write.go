package httpapi

import (
	"net/http"
	"sync"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/host/router"
)

// chunk is how much of an answer is gathered before it is sent: enough to make system calls rare, too little to matter
// for memory.
const chunk = 64 << 10

var (
	jsonType = []string{"application/json; charset=utf-8"}
	chunked  = []string{"chunked"}
)

// stream writes an answer of unknown length from pieces. Its buffer comes from a pool and goes back with close.
type stream struct {
	w    http.ResponseWriter
	pool *sync.Pool
	buf  *[]byte
	err  error
}

func newBuffer() any {
	b := make([]byte, 0, chunk)
	return &b
}

// stream begins an answer of stored entities: chunked and without ETag, as upstream writes them (catalog.md 3).
// Nothing is sent before the first chunk is full or the stream closed.
func (a *API) stream(w http.ResponseWriter) *stream {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Transfer-Encoding"] = chunked
	s := &stream{w: w, pool: &a.buffers}
	s.buf, _ = s.pool.Get().(*[]byte)
	return s
}

func (s *stream) write(p []byte) {
	if s.err != nil {
		return
	}
	if len(*s.buf)+len(p) > chunk {
		s.flush()
	}
	if len(p) >= chunk {
		_, s.err = s.w.Write(p)
		return
	}
	*s.buf = append(*s.buf, p...)
}

func (s *stream) text(t string) { *s.buf = append(*s.buf, t...) }

func (s *stream) flush() {
	if s.err == nil && len(*s.buf) > 0 {
		_, s.err = s.w.Write(*s.buf)
	}
	*s.buf = (*s.buf)[:0]
}

// close sends the rest. A caller that has gone is not an error: there is nobody to tell.
func (s *stream) close() {
	s.flush()
	s.pool.Put(s.buf)
	s.buf = nil
}

// items writes entities as the members of a JSON list.
func (s *stream) items(docs []index.Doc) {
	for i := range docs {
		if i > 0 {
			s.text(",")
		}
		s.write(docs[i].Body)
	}
}

// writeStored answers with one stored entity.
func writeStored(w http.ResponseWriter, d index.Doc) error {
	h := w.Header()
	h["Content-Type"] = jsonType
	h["Transfer-Encoding"] = chunked
	_, _ = w.Write(d.Body) // fails when the caller has gone
	return nil
}

func writeJSON(w http.ResponseWriter, r *http.Request, body []byte) error {
	return router.WriteRawJSON(w, r, http.StatusOK, body)
}
