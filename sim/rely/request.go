package rely

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

const (
	// most is how much of a body is read when the limit is lifted.
	most = 256 << 20
	// drain is how much of a body that is too long is read, so that the client hears the 413 instead of a broken pipe.
	drain = 64 << 20
)

// request is one to the API, with its body read.
type request struct {
	*http.Request

	now   time.Time // of Options.Now
	sim   time.Time // of the simulated clock
	token *APIToken
	fault *rule

	wire     int // bytes of the body as sent
	expanded int // bytes after expansion
	gzipped  bool
	doc      document
	refused  *answer // what is wrong with the body
}

// route is one of the API's.
type route struct {
	method   string
	pattern  string
	segments []string
	writes   bool
	handle   func(*request) answer
}

// routes are those that Rely is known, or assumed, to have (export.md 2.2).
func (s *Server) routes() []route {
	list := []route{
		{method: "GET", pattern: "/api/v1/entities", handle: s.listEntities},
		{method: "POST", pattern: "/api/v1/entities", handle: s.createEntity, writes: true},
		{method: "PUT", pattern: "/api/v1/entities/bulk", handle: s.putEntities, writes: true},
		{method: "GET", pattern: "/api/v1/entities/{id}", handle: s.getEntity},
		{method: "PUT", pattern: "/api/v1/entities/{id}", handle: s.putEntity, writes: true},
		{method: "DELETE", pattern: "/api/v1/entities/{id}", handle: s.deleteEntity, writes: true},
		{method: "GET", pattern: "/api/v1/blueprints/{id}", handle: s.getBlueprint},
		{method: "PUT", pattern: "/api/v1/blueprints/bulk", handle: s.putBlueprints, writes: true},
		{method: "POST", pattern: "/api/v1/blueprints/{id}/relations", handle: s.addRelations, writes: true},
		{method: "GET", pattern: "/api/v1/flows", handle: s.listFlows},
		{method: "GET", pattern: "/api/v1/flows/{id}", handle: s.getFlow},
		{method: "PUT", pattern: "/api/v1/flows/{id}", handle: s.putFlow, writes: true},
		{method: "POST", pattern: "/api/v1/tasks", handle: s.createTask, writes: true},
		{method: "GET", pattern: "/api/v1/tasks/{id}", handle: s.getTask},
		{method: "GET", pattern: "/api/v1/legacy/plugins/{id}", handle: s.plugin},
		{method: "GET", pattern: "/api/v1/legacy/plugins/{id}/token", handle: s.pluginToken},
		{method: "POST", pattern: s.options.RawPath, handle: s.takeRaw, writes: true},
	}
	for i := range list {
		list[i].segments = strings.Split(list[i].pattern, "/")
	}
	return list
}

// find returns the request's route. Without one, allowed tells which methods the path has.
func (s *Server) find(r *http.Request) (found *route, allowed []string) {
	segments := strings.Split(r.URL.Path, "/")
	for i := range s.api {
		candidate := &s.api[i]
		if !candidate.matches(segments) {
			continue
		}
		if candidate.method != r.Method {
			allowed = append(allowed, candidate.method)
			continue
		}
		for j, segment := range candidate.segments {
			if name, ok := variable(segment); ok {
				r.SetPathValue(name, segments[j])
			}
		}
		return candidate, nil
	}
	return nil, allowed
}

func (r *route) matches(segments []string) bool {
	if len(segments) != len(r.segments) {
		return false
	}
	for i, want := range r.segments {
		if _, ok := variable(want); ok && segments[i] != "" {
			continue
		}
		if want != segments[i] {
			return false
		}
	}
	return true
}

func variable(segment string) (name string, ok bool) {
	if !strings.HasPrefix(segment, "{") {
		return "", false
	}
	return strings.Trim(segment, "{}"), true
}

// read takes the body in and expands it. A limit on bytes counts for both forms.
func read(r *http.Request, limit int) *request {
	req := &request{Request: r}
	bound := limit
	if bound == 0 {
		bound = most
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(bound)+1))
	req.wire = len(body)
	if err == nil && len(body) > bound {
		more, _ := io.Copy(io.Discard, io.LimitReader(r.Body, drain))
		req.wire += int(more)
		req.expanded = req.wire
		return req.refuse(refuse(http.StatusRequestEntityTooLarge, "too_large", "Request Entity Too Large"))
	}
	if err != nil {
		return req.refuse(refuse(http.StatusBadRequest, "aborted", "There was an error parsing the body"))
	}
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); {
	case encoding == "gzip":
		req.gzipped = true
		if body, err = expand(body, bound); err != nil {
			return req.refuse(refuse(http.StatusBadRequest, "invalid", "There was an error parsing the body"))
		}
	case encoding != "" && encoding != "identity":
		return req.refuse(refuse(http.StatusUnsupportedMediaType, "violation", "Unsupported content encoding %s", encoding))
	case bytes.HasPrefix(body, []byte{0x1f, 0x8b}):
		// What a proxy makes of a compressed body when it drops Content-Encoding (export.md 1.3).
		return req.refuse(refuse(http.StatusBadRequest, "invalid", "There was an error parsing the body"))
	}
	req.expanded = len(body)
	if len(body) > bound {
		return req.refuse(refuse(http.StatusRequestEntityTooLarge, "too_large", "Request Entity Too Large"))
	}
	return req.parse(body)
}

func (r *request) refuse(a answer) *request {
	r.refused = &a
	return r
}

func (r *request) parse(body []byte) *request {
	if len(body) == 0 {
		return r
	}
	doc, err := canonical(body)
	if mistake, ok := errors.AsType[*jsonError](err); ok {
		return r.refuse(invalid([]problem{{Loc: []any{"body", mistake.offset}, Msg: "JSON decode error: " + mistake.message, Type: "json_invalid"}}, true))
	}
	r.doc = doc
	if kind := r.Header.Get("Content-Type"); kind != "application/json" && !strings.HasPrefix(kind, "application/json;") {
		a := invalid([]problem{{Loc: []any{"body"}, Msg: "Content-Type is not application/json", Type: "model_attributes_type"}}, true)
		a.verdict = "violation"
		return r.refuse(a)
	}
	return r
}

// expand undoes gzip, up to a byte more than the bound.
func expand(body []byte, bound int) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, int64(bound)+1))
}

// payload finds the entities of a body: a task's, a list's, or the one that it is.
func (r *request) payload() []document {
	switch r.doc.kind() {
	case '[':
		return r.doc.elements()
	case '{':
		if data, ok := r.doc.at("data"); ok {
			payload, _ := data.at("payload")
			return payload.elements()
		}
		return []document{r.doc}
	default:
		return nil
	}
}
