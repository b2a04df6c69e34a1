package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
)

// Body is an answer that many get.
type Body struct {
	JSON []byte
	ETag string

	zip  sync.Once
	gzip []byte
}

// Gzip returns the body compressed, which is done once. It is nil for a body that is not worth it.
func (b *Body) Gzip() []byte {
	b.zip.Do(func() {
		if len(b.JSON) < 1<<10 {
			return
		}
		var buf bytes.Buffer
		w, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
		if err != nil {
			return // the level is a constant
		}
		_, _ = w.Write(b.JSON) // into memory
		_ = w.Close()
		b.gzip = buf.Bytes()
	})
	return b.gzip
}

// compatStack is a stack as the official plugin answers it: these keys in this order (spacelift.md 1).
type compatStack struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description *string     `json:"description"`
	Labels      []string    `json:"labels"`
	State       string      `json:"state"`
	Branch      string      `json:"branch"`
	Space       compatSpace `json:"spaceDetails"`
}

type compatSpace struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// compatJSON is one element of GET /stacks.
func compatJSON(c client.Stack) []byte {
	v := compatStack{
		ID: c.ID, Name: c.Name, Labels: c.Labels, State: state.Compat(c.State), Branch: c.Branch,
		Space: compatSpace{ID: c.Space.ID, Name: c.Space.Name},
	}
	if c.Description != "" {
		v.Description = &c.Description
	}
	if v.Labels == nil {
		v.Labels = []string{}
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("null") // it is texts
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// newList joins the stacks' parts. The ETag is weak, as all of ours are.
func newList(stacks []*Stack) *Body {
	size := 2
	for _, s := range stacks {
		size += len(s.compat) + 1
	}
	body := append(make([]byte, 0, size), '[')
	for i, s := range stacks {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, s.compat...)
	}
	body = append(body, ']')
	sum := sha256.Sum256(body)
	return &Body{JSON: body, ETag: `W/"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`}
}
