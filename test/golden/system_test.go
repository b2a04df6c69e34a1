package golden_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
)

// systemFiles are about what is around the catalog: who may, what is passed on, and the server itself. Some pairs of theirs
// read the catalog.
var systemFiles = []string{"auth.json", "proxy.json", "root.json"}

const recordedUpstream = "127.0.0.1:7018"

// proxyText is the section that the peer had (README.md).
const proxyText = `
proxy:
  endpoints:
    /plain: http://$UPSTREAM/base
    /object: {target: 'http://$UPSTREAM'}
    /getonly: {target: 'http://$UPSTREAM', allowedMethods: [GET]}
    /public: {target: 'http://$UPSTREAM', credentials: dangerously-allow-unauthenticated}
    /forward: {target: 'http://$UPSTREAM', credentials: forward}
    /headers: {target: 'http://$UPSTREAM', allowedHeaders: [X-Custom], headers: {Authorization: Bearer upstream-secret, X-Added: added}}
    /rewrite: {target: 'http://$UPSTREAM', pathRewrite: {'^/api/proxy/rewrite/old': /new}}
    /keephost: {target: 'http://$UPSTREAM', changeOrigin: false}
    /down: {target: 'http://127.0.0.1:1'}
`

// TestSystemPairs is TestGoldenPairs for what is around the catalog.
func TestSystemPairs(t *testing.T) {
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			up := strings.TrimPrefix(upstream(t), "http://")
			s := start(t, section(t, engine), strings.ReplaceAll(proxyText, "$UPSTREAM", up))
			s.addresses = [][2]string{{recordedUpstream, up}}
			s.learn(t, uids(recorded(t, "auth.json")))
			for _, file := range systemFiles {
				s.runSystemFile(t, file)
			}
		})
	}
}

func (s *server) runSystemFile(t *testing.T, file string) {
	area := strings.TrimSuffix(file, ".json")
	pairs, passed, excepted := recorded(t, file), 0, 0
	for _, p := range pairs {
		id := area + ": " + p.Name
		diff := s.compareSystem(t, p)
		exception, excused := exceptions[id]
		switch {
		case diff == "" && !excused:
			passed++
		case diff == "":
			t.Errorf("%s passes; take it out of the table of exceptions (%s)", id, exception.reason)
		case excused:
			excepted++
		default:
			t.Errorf("%s\n  %s %s\n%s", id, p.Request.Method, p.Request.Path, diff)
		}
	}
	t.Logf("%s: %d of %d pairs equal, %d exceptions", file, passed, len(pairs), excepted)
}

// compareSystem returns what differs, or "". Tokens, keys and times change from run to run.
func (s *server) compareSystem(t *testing.T, p pair) string {
	t.Helper()
	headers := map[string]string{}
	for k, v := range p.Request.Headers {
		if strings.Contains(v, "{{signed jwt}}") && s.jwt == "" {
			s.signIn(t)
		}
		headers[k] = strings.ReplaceAll(s.toOurs.Replace(v), "{{signed jwt}}", s.jwt)
	}
	status, header, body := s.send(t, p.Request.Method, s.toOurs.Replace(p.Request.Path), headers, s.ourBody(p.Request.Body))
	if found := jwtPattern.FindString(string(body)); found != "" {
		s.jwt = found
	}
	if status != p.Response.Status {
		return fmt.Sprintf("status %d, recorded %d\n%s", status, p.Response.Status, body)
	}
	var diffs []string
	settle := func(h http.Header) {
		for _, cookie := range h["Set-Cookie"] {
			h.Set("Set-Cookie", fleetingText(s.toTheirs.Replace(cookie)))
		}
	}
	settle(header)
	for name, value := range p.Response.Headers {
		if text, ok := value.(string); ok && http.CanonicalHeaderKey(name) == "Set-Cookie" {
			p.Response.Headers[name] = fleetingText(text)
		}
	}
	if d := headerDiff(p, header); d != "" {
		diffs = append(diffs, d)
	}
	want, got := systemBody(p.Response.Body), s.toTheirs.Replace(systemBody(body))
	if d := cmp.Diff(want, got); d != "" {
		diffs = append(diffs, "body (-recorded +ours):\n"+d)
	}
	return strings.Join(diffs, "\n")
}

func (s *server) signIn(t *testing.T) {
	t.Helper()
	_, _, body := s.send(t, http.MethodGet, "/api/auth/guest/refresh", map[string]string{"X-Requested-With": "XMLHttpRequest"}, nil)
	if s.jwt = jwtPattern.FindString(string(body)); s.jwt == "" {
		t.Fatalf("no token in %s", body)
	}
}

// systemBody is the text to compare: compact JSON in its own order of members, or text.
func systemBody(body []byte) string {
	var text string
	if json.Unmarshal(body, &text) == nil {
		return fleetingText(text)
	}
	v, err := entity.ParseJSON(body)
	if err != nil {
		return fleetingText(string(body))
	}
	if o, ok := v.(*entity.Object); ok {
		settleEcho(o)
	}
	return strings.NewReplacer(`,"`, ",\n\"", "},{", "},\n{").Replace(fleetingText(normal(v, true)))
}

// settleEcho brings the headers that the upstream saw into one order, without the one that is about the connection: Node
// closes it after each request, and we keep it.
func settleEcho(o *entity.Object) {
	headers, ok := o.Path("headers").(*entity.Object)
	if !ok {
		return
	}
	plain := map[string]any{}
	for name, value := range headers.All() {
		if name != "connection" {
			plain[name] = value
		}
	}
	sorted, _ := json.Marshal(plain)
	if v, err := entity.ParseJSON(sorted); err == nil {
		o.Set("headers", v)
	}
}

var (
	jwtPattern     = regexp.MustCompile(`[\w-]+\.[\w-]{20,}\.[\w-]{20,}`)
	keyPattern     = regexp.MustCompile(`"(kid|x|y)":"[^"]+"`)
	instantPattern = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
	expiryPattern  = regexp.MustCompile(`"expiresInSeconds":\d+`)
	datePattern    = regexp.MustCompile(`\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT`)
)

func fleetingText(text string) string {
	text = jwtPattern.ReplaceAllString(text, "{{signed jwt}}")
	text = keyPattern.ReplaceAllString(text, `"$1":"…"`)
	text = instantPattern.ReplaceAllString(text, "…")
	text = datePattern.ReplaceAllString(text, "…")
	return expiryPattern.ReplaceAllString(text, `"expiresInSeconds":…`)
}

// upstream echoes what it sees, as README.md describes it.
func upstream(t *testing.T) string {
	t.Helper()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := w.Header()
		for name, value := range map[string]string{
			"Set-Cookie": "a=b; Path=/", "X-Upstream": "yes", "X-Custom": "from-upstream", "Cache-Control": "max-age=60", "ETag": `"upstream"`,
			"Server": "upstream/1", "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT", "Content-Language": "en", "Location": "/elsewhere",
			"Access-Control-Allow-Origin": "*", "Content-Type": "application/json",
		} {
			h.Set(name, value)
		}
		headers := map[string]string{"host": r.Host}
		for name := range r.Header {
			headers[strings.ToLower(name)] = r.Header.Get(name)
		}
		status := http.StatusOK
		_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
		w.WriteHeader(status)
		if status == http.StatusNoContent {
			return
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(struct {
			Method  string            `json:"method"`
			URL     string            `json:"url"`
			Headers map[string]string `json:"headers"`
			Body    string            `json:"body"`
		}{r.Method, r.RequestURI, headers, string(body)})
	}))
	t.Cleanup(up.Close)
	return up.URL
}
