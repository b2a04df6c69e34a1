package spacelift

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recorded is one request to a Node backend with its answer (test/golden/README.md).
type recorded struct {
	Name, Note string
	Request    struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status  int
		Headers map[string]any
		Body    json.RawMessage
	}
}

// differing are the pairs that we answer differently on purpose (spacelift.md 4, items 3, 6, 7, 10, 21): by status and
// code, or by status alone where the answer is good. docs/compatibility.md has them as rows.
var differing = map[string]struct {
	status int
	code   string
}{
	"stacks: login-unauthorized": {503, "SPACELIFT_AUTH"},
	"stacks: login-null":         {503, "SPACELIFT_AUTH"},
	"trigger: login-null":        {503, "SPACELIFT_AUTH"},
	"stacks: login-500":          {502, "SPACELIFT_UNAVAILABLE"},
	"trigger: login-500":         {502, "SPACELIFT_UNAVAILABLE"},
	"stacks: null":               {502, "SPACELIFT_UNAVAILABLE"},
	"stacks: bad-state":          {200, ""},
	"stacks: missing-field":      {200, ""},
	"stacks: null-space":         {200, ""},
	"stacks: gql-error":          {404, "NOT_FOUND"},
	"stacks: gql-error-400":      {409, "SPACELIFT_REJECTED"},
	"stacks: unauthorized":       {403, "SPACELIFT_FORBIDDEN"},
	"stacks: http-401":           {503, "SPACELIFT_AUTH"},
	"stacks: http-500-text":      {502, "SPACELIFT_UNAVAILABLE"},
	"stacks: http-200-html":      {502, "SPACELIFT_UNAVAILABLE"},
	"stacks: drop":               {502, "SPACELIFT_UNAVAILABLE"},
	"trigger: null":              {504, "SPACELIFT_UNAVAILABLE"},
	"trigger: gql-error":         {404, "NOT_FOUND"},
	"trigger: http-401":          {503, "SPACELIFT_AUTH"},
	"trigger: http-500-text":     {504, "SPACELIFT_UNAVAILABLE"},
	"trigger: drop":              {504, "SPACELIFT_UNAVAILABLE"},
}

// moody is the recorder's Spacelift in one of its modes.
type moody struct{ mode string }

const (
	prodStack = `{"id":"prod-net","name":"Prod network","description":"VPCs","labels":["aws","prod"],"state":"FINISHED","branch":"main","spaceDetails":{"id":"root","name":"root"},"canWrite":true}`
	devStack  = `{"id":"dev","name":"Dev","description":null,"labels":[],"state":"UNCONFIRMED","branch":"develop","spaceDetails":{"id":"dev-01","name":"Dev space"},"canWrite":true,"extra":1}`
)

func (m moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	var asked struct{ Query string }
	if json.Unmarshal(body, &asked) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	has := func(field string) bool { return strings.Contains(asked.Query, field) }
	login := strings.HasPrefix(m.mode, "login-")
	switch {
	case has("apiKeyUser("):
		m.answer(w, login, `{"apiKeyUser":{"id":"api::KEY","jwt":"jwt-1"}}`, `{"apiKeyUser":null}`)
	case has("viewer {"):
		write200(w, `{"data":{"viewer":{"id":"api::KEY","name":"golden"}}}`)
	case has("searchStacks("):
		m.answer(w, !login, `{"searchStacks":{"edges":[{"node":`+m.first()+`},{"node":`+devStack+`}],"pageInfo":{"endCursor":null,"hasNextPage":false}}}`, `{"searchStacks":null}`)
	case has("stacks {"):
		m.answer(w, !login, `{"stacks":[`+m.first()+`,`+devStack+`]}`, `{"stacks":null}`)
	case has("runTrigger("):
		m.answer(w, !login, `{"runTrigger":{"id":"01RUN","state":"QUEUED","extra":1}}`, `{"runTrigger":null}`)
	default:
		write200(w, `{"data":{"stack":{"id":"prod-net","runs":[],"run":null}}}`)
	}
}

// first is the stack that some modes spoil.
func (m moody) first() string {
	switch m.mode {
	case "bad-state":
		return strings.Replace(prodStack, "FINISHED", "TELEPORTING", 1)
	case "missing-field":
		return strings.NewReplacer(`"branch":"main",`, "", `["aws","prod"]`, "null").Replace(prodStack)
	case "null-space":
		return strings.Replace(prodStack, `{"id":"root","name":"root"}`, "null", 1)
	default:
		return prodStack
	}
}

// answer is what the mode makes of a good answer, where it concerns the request.
func (m moody) answer(w http.ResponseWriter, concerned bool, good, null string) {
	mode := m.mode
	if !concerned {
		mode = "ok"
	}
	switch mode {
	case "login-unauthorized", "unauthorized":
		write200(w, `{"data":`+null+`,"errors":[{"message":"unauthorized"}]}`)
	case "login-null", "null":
		write200(w, `{"data":`+null+`}`)
	case "login-500", "http-500-text":
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "boom")
	case "gql-error":
		write200(w, `{"data":null,"errors":[{"message":"stack not found","extensions":{"code":"NOT_FOUND"}}]}`)
	case "gql-error-400":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"errors":[{"message":"bad query","extensions":{"code":"BAD"}}]}`)
	case "http-401":
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"errors":[{"message":"token expired"}]}`)
	case "http-200-html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>hi</html>")
	case "drop", "down":
		panic(http.ErrAbortHandler)
	default:
		write200(w, `{"data":`+good+`}`)
	}
}

func write200(w io.Writer, body string) { _, _ = io.WriteString(w, body) }

// TestGolden replays the recorded pairs, each on a server of its own.
func TestGolden(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../test/golden/spacelift.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []recorded
	if err := json.Unmarshal(data, &pairs); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range pairs {
		if _, ok := differing[p.Name]; ok {
			seen++
		}
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			replay(t, p)
		})
	}
	if seen != len(differing) {
		t.Errorf("%d pairs differ, %d are listed", seen, len(differing))
	}
}

func replay(t *testing.T, p recorded) {
	t.Helper()
	_, mode, _ := strings.Cut(p.Note, "upstream mode: ")
	mode, _, _ = strings.Cut(mode, ";")
	up := httptest.NewServer(moody{strings.TrimSpace(mode)})
	t.Cleanup(up.Close)
	more := ""
	if strings.HasPrefix(p.Name, "read only") {
		more = ", readOnly: true"
	}
	s := start(t, setup{upstream: up.URL, more: more})
	var headers []string
	for name, value := range p.Request.Headers {
		headers = append(headers, name+": "+value)
	}
	if p.Request.Headers["Authorization"] == "" {
		headers = append(headers, "Authorization: ")
	}
	body := string(p.Request.Body)
	var text string
	if json.Unmarshal(p.Request.Body, &text) == nil {
		body = text
	}
	a := s.send(p.Request.Method, strings.TrimPrefix(p.Request.Path, "/api/"+pluginID), body, headers...)
	if want, ok := differing[p.Name]; ok {
		code := ""
		if a.status != http.StatusOK {
			_, code = errorOf(t, a)
		}
		if a.status != want.status || code != want.code {
			t.Errorf("%d %s, want %d %s", a.status, a.body, want.status, want.code)
		}
		return
	}
	compare(t, p, a)
}

// compare holds an answer against the recorded one. The order of stacks is ours, by name; texts of a JavaScript engine
// are nobody's to imitate.
func compare(t *testing.T, p recorded, a answer) {
	t.Helper()
	if a.status != p.Response.Status {
		t.Fatalf("%d %s, want %d %s", a.status, a.body, p.Response.Status, p.Response.Body)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, p.Response.Body); err != nil {
		t.Fatal(err)
	}
	got, want := a.body, compact.String()
	if want == `""` {
		want = ""
	}
	switch {
	case strings.HasPrefix(want, "["):
		got, want = ordered(t, got), ordered(t, want)
	case strings.HasPrefix(want, `{"error":{"name":"SyntaxError"`):
		got, want = got[:28], want[:28]
	default:
		if etag, ok := p.Response.Headers["ETag"].(string); ok && a.header.Get("Etag") != etag {
			t.Errorf("ETag %s, want %s", a.header.Get("Etag"), etag)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-recorded +ours)\n%s", diff)
	}
	if recorded, ok := p.Response.Headers["Content-Type"].(string); ok && a.header.Get("Content-Type") != recorded {
		t.Errorf("type %q, want %q", a.header.Get("Content-Type"), recorded)
	}
}

func ordered(t *testing.T, list string) string {
	t.Helper()
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(list), &parts); err != nil {
		t.Fatalf("%v in %s", err, list)
	}
	var texts []string
	for _, p := range parts {
		texts = append(texts, string(p))
	}
	slices.Sort(texts)
	return strings.Join(texts, "\n")
}
