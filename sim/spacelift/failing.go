package spacelift

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/graph-gophers/graphql-go"
)

// oldByDefault is what an older self-hosted server does not know.
var oldByDefault = []string{
	"Query.searchRuns", "Stack.stateSetAt", "Stack.isDisabled", "Stack.deleting", "Stack.deleted", "Run.canConfirm",
}

// schemaFor is the schema, or that of an older server.
func (s *Server) schemaFor(a *applied) (*graphql.Schema, error) {
	f := a.find("schema_old")
	if f == nil {
		return s.schema, nil
	}
	hide := f.Hide
	if len(hide) == 0 {
		hide = oldByDefault
	}
	name := strings.Join(hide, " ")
	s.oldMu.Lock()
	defer s.oldMu.Unlock()
	if known, found := s.old[name]; found {
		return known, nil
	}
	made, err := parseSchema(s, withoutNames(SDL, hide))
	if err == nil {
		s.old[name] = made
	}
	return made, err
}

// before does what faults do instead of a call. It says whether the call was answered.
func (s *Server) before(w http.ResponseWriter, r *http.Request, c *call) bool {
	for _, f := range c.faults.faults {
		if !f.After && s.interrupt(w, r, c, f) {
			return true
		}
	}
	return false
}

// interrupt does one fault, and says whether it has answered.
func (s *Server) interrupt(w http.ResponseWriter, r *http.Request, c *call, f Fault) bool {
	switch f.Name {
	case "http_429":
		if f.RetryAfter != nil {
			w.Header().Set("Retry-After", strconv.Itoa(*f.RetryAfter))
		}
		fail(w, http.StatusTooManyRequests, f.Body)
	case "http_5xx":
		fail(w, max(f.Status, http.StatusInternalServerError), f.Body)
	case "slow":
		pause(r.Context(), orDefault(f.Delay, 1000, time.Millisecond))
		return false
	case "hang":
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // how net/http is told to cut a connection
	case "reset_before":
		panic(http.ErrAbortHandler)
	case "jwt_expired":
		s.identity.revokeAll()
		c.caller = caller{}
		return false
	case "jwt_401":
		if !c.caller.anonymous() || c.exchange() {
			return false
		}
		fail(w, http.StatusUnauthorized, "json")
	case "gql_error":
		if f.Partial {
			return false
		}
		writeJSON(w, map[string]any{"errors": []any{f.gqlError()}, "data": nil})
	case "cursor_lost":
		if !c.follows() {
			return false
		}
		writeJSON(w, map[string]any{"errors": []any{map[string]any{"message": errCursor.Error()}}, "data": nil})
	case "dup_page":
		last := s.pages.last(c)
		if last == nil {
			return false
		}
		write(w, "application/json", last)
	case "shift":
		s.shift()
		return false
	case "html_200":
		write(w, "text/html; charset=utf-8", []byte("<!doctype html><title>Sign in</title><p>Sign in to go on.</p>"))
	case "huge":
		huge(w, f.Bytes)
	default:
		return false
	}
	return true
}

func orDefault(n, fallback int, unit time.Duration) time.Duration {
	if n == 0 {
		n = fallback
	}
	return time.Duration(n) * unit
}

func (c *call) exchange() bool {
	return slices.Contains(c.scan.fields, "apiKeyUser") || slices.Contains(c.scan.fields, "oauthUser")
}

func (f Fault) gqlError() map[string]any {
	made := map[string]any{"message": f.Message}
	if f.Message == "" {
		made["message"] = "something went wrong"
	}
	if f.Extensions != nil {
		made["extensions"] = f.Extensions
	}
	return made
}

func fail(w http.ResponseWriter, status int, body string) {
	text := http.StatusText(status)
	switch body {
	case "empty":
	case "html":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		text = "<html><body><h1>" + text + "</h1></body></html>"
	case "text":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	default:
		w.Header().Set("Content-Type", "application/json")
		text = `{"errors":[{"message":"` + strings.ToLower(text) + `"}]}`
	}
	w.WriteHeader(status)
	if body != "empty" {
		_, _ = w.Write([]byte(text))
	}
}

func write(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body)
}

func writeJSON(w http.ResponseWriter, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	write(w, "application/json", encoded)
}

func huge(w http.ResponseWriter, size int) {
	w.Header().Set("Content-Type", "application/json")
	if size == 0 {
		size = 64 << 20
	}
	_, _ = w.Write([]byte(`{"data":{"padding":"`))
	chunk := []byte(strings.Repeat("x", 64<<10))
	for ; size > 0; size -= len(chunk) {
		if _, err := w.Write(chunk[:min(size, len(chunk))]); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(`"}}`))
}

// after writes the answer of the engine, or what faults make of it.
func (s *Server) after(w http.ResponseWriter, r *http.Request, c *call, response *graphql.Response) {
	body, err := json.Marshal(response)
	if err != nil {
		http.Error(w, "answer cannot be encoded", http.StatusInternalServerError)
		return
	}
	s.pages.keep(c, body)
	for _, f := range c.faults.faults {
		if f.After && s.interrupt(w, r, c, f) {
			return
		}
		switch f.Name {
		case "reset_after":
			panic(http.ErrAbortHandler)
		case "truncated":
			write(w, "application/json", body[:len(body)/2])
			return
		case "trickle":
			trickle(w, r, body)
			return
		}
		body = rewrite(body, f)
	}
	write(w, "application/json", body)
}

// trickle writes a byte a second.
func trickle(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	flush := http.NewResponseController(w)
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil || flush.Flush() != nil || r.Context().Err() != nil {
			return
		}
		pause(r.Context(), time.Second)
	}
}
