package spacelift

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody is how much of a request is read.
const maxBody = 4 << 20

// call is a request to /graphql on its way through the simulator.
type call struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables"`
	Operation string         `json:"operationName"`

	scan   scanned
	caller caller
	entry  *Request
	faults *applied
}

func (s *Server) graphql(w http.ResponseWriter, r *http.Request) {
	started := s.options.Now()
	counted := &countingWriter{ResponseWriter: w}
	entry := &Request{Time: started, Method: r.Method, Path: r.URL.Path}
	defer func() {
		entry.Status, entry.Bytes, entry.Duration = counted.status, counted.bytes, s.options.Now().Sub(started)
		s.journal.add(entry)
		s.options.Log.Debug("request", "operation", entry.Operation, "fields", entry.Fields, "key", entry.Key,
			"status", entry.Status, "fault", entry.Faults)
	}()
	body, err := io.ReadAll(http.MaxBytesReader(counted, r.Body, maxBody))
	if err != nil {
		http.Error(counted, "request body cannot be read", http.StatusBadRequest)
		return
	}
	c := &call{entry: entry}
	if err := json.Unmarshal(body, c); err != nil {
		http.Error(counted, "request body is not valid JSON", http.StatusBadRequest)
		return
	}
	s.answer(counted, r, c)
}

// answer does a call that could be read: first what faults do before it, then the call, then what they do to its answer.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c *call) {
	c.scan = scan(c.Query, c.Operation)
	s.describe(r, c)
	matched, err := s.faults.match(c, r.Header.Get("X-Sim-Fault"), s.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.faults = matched
	c.entry.Faults = c.faults.names()
	if s.options.Latency {
		pause(r.Context(), s.faults.latency())
	}
	if s.before(w, r, c) {
		return
	}
	ctx := context.WithValue(r.Context(), sessionKey{}, &session{
		caller: c.caller, audience: s.audience(r), metadata: r.Header.Get("Spacelift-User-Provided-Run-Metadata"), faults: c.faults,
	})
	schema, err := s.schemaFor(c.faults)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	response := schema.Exec(ctx, c.Query, c.Operation, c.Variables)
	s.after(w, r, c, response)
}

// describe finds out who asks for what, for the journal and for faults.
func (s *Server) describe(r *http.Request, c *call) {
	unlock := s.world.lock()
	defer unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	c.caller = s.identity.caller(token, s.world.now())
	c.entry.Operation, c.entry.Fields = c.scan.operation, c.scan.fields
	if c.Operation != "" {
		c.entry.Operation = c.Operation
	}
	if !c.caller.anonymous() {
		c.entry.Key = c.caller.key.ID
	}
	for _, text := range c.strings() {
		if _, known := s.identity.keys[text]; known && (c.entry.Key == "" || c.exchange()) {
			c.entry.Key = text
		}
		if _, known := s.world.stackBy[text]; known && c.entry.Stack == "" {
			c.entry.Stack = text
		}
	}
	c.entry.Page = s.pages.count(c)
}

// strings are those among the variables and in the text of the query.
func (c *call) strings() []string {
	found := slices.Clone(c.scan.strings)
	for _, name := range slices.Sorted(maps.Keys(c.Variables)) {
		if text, ok := c.Variables[name].(string); ok {
			found = append(found, text)
		}
	}
	return found
}

func (s *Server) audience(r *http.Request) string {
	if s.options.BaseURL != "" {
		return s.options.BaseURL
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// pause waits, unless the client goes away.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

type countingWriter struct {
	http.ResponseWriter
	status, bytes int
}

func (c *countingWriter) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *countingWriter) Write(p []byte) (int, error) {
	if c.status == 0 {
		c.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(p)
	c.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
