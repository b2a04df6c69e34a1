package golden_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// files are those whose routes are built.
var files = []string{"entities.json", "by-query.json", "by-refs.json", "facets.json"}

// unstable are the pairs on which the peer disagreed with itself (README.md): status and shape only.
var unstable = []string{
	"by-query: page 1, no order", "by-query: page 2, no order", "by-query: order two fields", "by-query: order, missing values last",
	"by-query: order, missing values, page 2", "by-query: order desc, missing values", "by-query: post: everything",
	"entities: by-name, gzip", "entities: order: desc kind, asc name", "entities: order: missing values",
}

// TestGoldenPairs sends what was recorded and compares the answers. A pair in the table of exceptions must differ, so
// that the table cannot outlive its reasons.
func TestGoldenPairs(t *testing.T) {
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			s := start(t, section(t, engine), "")
			known := map[string]string{}
			for _, file := range files {
				maps.Copy(known, uids(recorded(t, file)))
			}
			s.learn(t, known)
			for _, file := range files {
				runFile(t, s, file)
			}
		})
	}
}

func runFile(t *testing.T, s *server, file string) {
	area := strings.TrimSuffix(file, ".json")
	pairs, passed, excepted := recorded(t, file), 0, 0
	for _, p := range pairs {
		id := area + ": " + p.Name
		diff := s.compare(t, id, p)
		exception, excused := exceptions[id]
		switch {
		case diff == "" && !excused:
			passed++
		case diff == "" && excused:
			t.Errorf("%s passes; take it out of the table of exceptions (%s)", id, exception.reason)
		case excused:
			excepted++
		default:
			t.Errorf("%s\n  %s %s\n%s", id, p.Request.Method, p.Request.Path, diff)
		}
	}
	t.Logf("%s: %d of %d pairs equal, %d exceptions", file, passed, len(pairs), excepted)
	if share := float64(passed) / float64(len(pairs)); share < 0.85 {
		t.Errorf("%s: %.0f %% of the pairs are equal, below 85 %%", file, 100*share)
	}
}

// section is the backend.database section for one engine.
func section(t *testing.T, engine database.Engine) string {
	if engine == database.SQLite {
		return ""
	}
	return fmt.Sprintf("database: {client: pg, pluginDivisionMode: schema, connection: %q}", databasetest.DSN(t))
}

// compare returns what differs between the recorded answer and ours, or "".
func (s *server) compare(t *testing.T, id string, p pair) string {
	t.Helper()
	headers := map[string]string{}
	for k, v := range p.Request.Headers {
		headers[k] = s.toOurs.Replace(v)
	}
	status, header, body := s.send(t, p.Request.Method, s.ourPath(p.Request.Path), headers, s.ourBody(p.Request.Body))
	if status != p.Response.Status {
		return fmt.Sprintf("status %d, recorded %d\n%s", status, p.Response.Status, body)
	}
	if header.Get("Content-Encoding") != "" {
		return headerDiff(p, header) // compressed bytes are the compressor's own
	}
	if slices.Contains(unstable, id) {
		if strings.Contains(p.Request.Path, "cursor=") {
			return "" // where the page begins depends on random uids
		}
		return shapeDiff(p.Response.Body, body)
	}
	var diffs []string
	if d := headerDiff(p, header); d != "" {
		diffs = append(diffs, d)
	}
	if d := s.bodyDiff(p, body); d != "" {
		diffs = append(diffs, d)
	}
	return strings.Join(diffs, "\n")
}

var cursorParameter = regexp.MustCompile(`(cursor|after)=([^&]+)`)

// ourPath translates the recorded path, the uids inside cursors too.
func (s *server) ourPath(path string) string {
	path = cursorParameter.ReplaceAllStringFunc(path, func(m string) string {
		name, value, _ := strings.Cut(m, "=")
		plain, err := url.QueryUnescape(value)
		if err != nil {
			return m
		}
		return name + "=" + url.QueryEscape(s.ourCursor(plain))
	})
	return s.toOurs.Replace(path)
}

func (s *server) ourCursor(cursor string) string {
	data, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil || !json.Valid(data) {
		return cursor
	}
	return base64.StdEncoding.EncodeToString([]byte(s.toOurs.Replace(string(data))))
}

// ourBody translates a recorded body: JSON as an object, or text sent as it stands.
func (s *server) ourBody(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return []byte(s.toOurs.Replace(text))
	}
	v, err := entity.ParseJSON(raw)
	if err != nil {
		return raw
	}
	if o, ok := v.(*entity.Object); ok {
		if cursor, ok := o.Path("cursor").(string); ok {
			o.Set("cursor", s.ourCursor(cursor))
		}
	}
	return []byte(s.toOurs.Replace(string(entity.AppendJSON(nil, v))))
}

// fleeting headers differ from run to run or belong to the connection.
var fleeting = []string{"Date", "Connection", "Keep-Alive", "Transfer-Encoding", "X-Request-Id", "Content-Length", "Understudy-Catalog-Position"}

func headerDiff(p pair, got http.Header) string {
	if p.Response.StandardHeaders {
		for name, want := range standardHeaders {
			if got.Get(name) != want {
				return fmt.Sprintf("header %s: %q, recorded %q", name, got.Get(name), want)
			}
		}
	}
	want := http.Header{}
	for name, v := range p.Response.Headers {
		if list, ok := v.([]any); ok {
			for _, item := range list {
				want.Add(name, fmt.Sprint(item))
			}
			continue
		}
		want.Set(name, fmt.Sprint(v))
	}
	got = got.Clone()
	for name := range standardHeaders {
		got.Del(name)
	}
	for _, name := range fleeting {
		got.Del(name)
		want.Del(name)
	}
	for _, h := range []http.Header{got, want} {
		if tag := h.Get("ETag"); strings.HasPrefix(tag, `W/"`) {
			h.Set("ETag", "weak")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return "headers (-recorded +ours):\n" + diff
	}
	return ""
}

var (
	uuidPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	etagPattern = regexp.MustCompile(`"etag":"[^"]*"`)
	logPattern  = regexp.MustCompile(`logId=[0-9a-f]+`)
	// Texts that come out of a JavaScript engine or validation library are not ours to imitate (README.md): the name of
	// the error and what stands before them count.
	enginePattern = regexp.MustCompile(`"message":"(Malformed cursor: SyntaxError: |Malformed cursor: InputError: Malformed cursor: |Unexpected end of JSON|Expected property name|unexpected end in JSON)(?:[^"\\]|\\.)*"`)
)

func (s *server) bodyDiff(p pair, body []byte) string {
	if p.Request.Method == http.MethodHead {
		return ""
	}
	var text string
	if json.Unmarshal(p.Response.Body, &text) == nil {
		return cmp.Diff(text, s.toTheirs.Replace(string(body)))
	}
	want, err := entity.ParseJSON(p.Response.Body)
	if err != nil {
		return err.Error()
	}
	got, err := entity.ParseJSON(body)
	if err != nil {
		return fmt.Sprintf("our body is no JSON: %v\n%s", err, body)
	}
	ordered := orderAsked(p)
	if diff := cmp.Diff(normal(want, ordered), s.toTheirs.Replace(normal(got, ordered))); diff != "" {
		return "body (-recorded +ours):\n" + diff
	}
	return ""
}

// orderAsked reports whether the request determines the order of the list; otherwise it is that of random uids.
func orderAsked(p pair) bool {
	all := p.Request.Path + string(p.Request.Body)
	decoded := cursorParameter.FindStringSubmatch(all)
	if len(decoded) == 3 {
		plain, _ := url.QueryUnescape(decoded[2])
		data, _ := base64.StdEncoding.DecodeString(plain)
		all += string(data)
	}
	if strings.Contains(all, "/by-refs") || strings.Contains(all, "facets") || strings.Contains(all, "ancestry") {
		return true
	}
	return strings.Contains(all, "order") && !strings.Contains(all, `"orderFields":[]`)
}

// normal writes a body for comparison, one member a line, what is random replaced.
func normal(v any, ordered bool) string {
	v = openCursors(v)
	if !ordered {
		sortLists(v)
	}
	text := string(entity.AppendJSON(nil, v))
	text = etagPattern.ReplaceAllString(text, `"etag":"…"`)
	text = logPattern.ReplaceAllString(text, "logId=…")
	text = enginePattern.ReplaceAllStringFunc(text, func(m string) string {
		if before := enginePattern.FindStringSubmatch(m)[1]; strings.HasSuffix(before, ": ") {
			return `"message":"` + before + `…"`
		}
		return `"message":"…"`
	})
	text = strings.NewReplacer(`,"`, ",\n\"", "},{", "},\n{").Replace(text)
	if !ordered {
		return uuidPattern.ReplaceAllString(text, "uid")
	}
	return text
}

// openCursors replaces cursors by the JSON inside them.
func openCursors(v any) any {
	o, ok := v.(*entity.Object)
	if !ok {
		return v
	}
	for name, member := range o.Clone().All() {
		cursor, ok := member.(string)
		if ok && strings.HasSuffix(name, "Cursor") {
			if data, err := base64.StdEncoding.DecodeString(cursor); err == nil {
				if inner, err := entity.ParseJSON(data); err == nil {
					o.Set(name, inner)
				}
			}
			continue
		}
		o.Set(name, openCursors(member))
	}
	return o
}

// sortLists brings the list of a response into an order of its own: that of the items' text.
func sortLists(v any) {
	list, ok := v.([]any)
	if o, isObject := v.(*entity.Object); isObject {
		list, ok = o.Path("items").([]any)
	}
	if !ok {
		return
	}
	slices.SortFunc(list, func(a, b any) int {
		return strings.Compare(sortKey(a), sortKey(b))
	})
}

func sortKey(v any) string {
	return etagPattern.ReplaceAllString(uuidPattern.ReplaceAllString(string(entity.AppendJSON(nil, v)), ""), "")
}

// shapeDiff compares the members of the top level, and the number of items.
func shapeDiff(want, got []byte) string {
	a, errA := entity.ParseJSON(want)
	b, errB := entity.ParseJSON(got)
	if errA != nil {
		return "" // compressed bytes
	}
	if errB != nil {
		return errB.Error()
	}
	return cmp.Diff(shape(a), shape(b))
}

func shape(v any) []string {
	switch v := v.(type) {
	case []any:
		return []string{fmt.Sprint("list of ", len(v))}
	case *entity.Object:
		var keys []string
		for key, member := range v.All() {
			keys = append(keys, key)
			if list, ok := member.([]any); ok {
				keys = append(keys, fmt.Sprint("list of ", len(list)))
			}
		}
		return keys
	}
	return []string{fmt.Sprintf("%T", v)}
}

var standardHeaders = map[string]string{
	"Content-Security-Policy":           "default-src 'self';base-uri 'self';font-src 'self' https: data:;frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self' 'unsafe-eval';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
	"Referrer-Policy":                   "no-referrer",
	"Strict-Transport-Security":         "max-age=15552000; includeSubDomains",
	"X-Content-Type-Options":            "nosniff",
	"X-Dns-Prefetch-Control":            "off",
	"X-Download-Options":                "noopen",
	"X-Frame-Options":                   "SAMEORIGIN",
	"X-Permitted-Cross-Domain-Policies": "none",
	"X-Xss-Protection":                  "0",
}

// Every exception is explained to users, by the pair's name.
func TestExceptionsAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	for id, e := range exceptions {
		if !strings.Contains(string(page), "`"+id+"`") {
			t.Errorf("docs/compatibility.md does not name %q (%s; %s)", id, e.reason, e.later)
		}
	}
}
