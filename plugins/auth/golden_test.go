package auth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// recorded is one request to a Node backend with its answer (test/golden/README.md).
type recorded struct {
	Name    string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
	}
	Response struct {
		Status          int
		StandardHeaders bool
		Headers         map[string]any
		Body            json.RawMessage
		Decoded         struct{ Header, Payload json.RawMessage }
	}
}

// peer is the part of the recording backend's configuration that concerns these pairs.
const peer = `
backend:
  baseUrl: http://127.0.0.1:7017
  cors: { origin: http://app.example.com, methods: [GET, POST, PUT, DELETE], credentials: true }
  auth:
    externalAccess:
      - { type: static, options: { token: golden-static-token-0123456789, subject: golden } }
      - { type: static, options: { token: golden-restricted-token-0123456789, subject: golden-restricted }, accessRestrictions: [{ plugin: catalog, permission: catalog.entity.read }] }
auth: { providers: { guest: { dangerouslyAllowOutsideDevelopment: true } } }
`

// firstSign is a recorded pair after which the catalog plugin has a service key, because Node looked the guest up over
// HTTP. Here that lookup is a call in the process, so the test makes it sign.
const firstSign = "guest refresh"

// TestGolden replays the recorded pairs in their order. What changes from run to run is compared by shape: tokens, keys,
// times. The catalog's own answers are another package's to compare; here they count as passed by their status.
func TestGolden(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../test/golden/auth.json")
	if err != nil {
		t.Fatal(err)
	}
	var pairs []recorded
	if err := json.Unmarshal(data, &pairs); err != nil {
		t.Fatal(err)
	}
	s := start(t, setup{config: peer, nodeEnv: "production", catalog: &catalog{}})
	var jwt string
	for _, p := range pairs {
		jwt = s.replay(t, p, jwt)
		if p.Name == firstSign {
			who, err := s.auth.Verify(t.Context(), "catalog", jwt, false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.auth.IssueToken(t.Context(), "catalog", who, "auth"); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d pairs", len(pairs))
}

// replay sends one request, with the latest token where one was recorded, and returns the latest token.
func (s *server) replay(t *testing.T, p recorded, jwt string) string {
	t.Helper()
	var sent io.Reader = http.NoBody
	if p.Request.Body != nil {
		sent = bytes.NewReader(p.Request.Body)
	}
	req, err := http.NewRequestWithContext(t.Context(), p.Request.Method, s.url+p.Request.Path, sent)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["User-Agent"] = nil
	for name, value := range p.Request.Headers {
		req.Header.Set(name, strings.ReplaceAll(value, "{{signed jwt}}", jwt))
	}
	// The recorder asked for no compression.
	resp, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != p.Response.Status {
		t.Errorf("%s: status %d, want %d\n%s", p.Name, resp.StatusCode, p.Response.Status, body)
		return jwt
	}
	compareHeaders(t, p, resp.Header)
	got, want := string(body), string(p.Response.Body)
	if want == `""` {
		want = ""
	}
	if strings.Contains(p.Request.Path, "/by-name/") && resp.StatusCode == http.StatusOK {
		return jwt
	}
	if found := tokenIn.FindString(got); found != "" {
		jwt = found
		compareToken(t, p, found)
	}
	if diff := cmp.Diff(shape(t, want), shape(t, got)); diff != "" {
		t.Errorf("%s: body (-recorded +ours)\n%s", p.Name, diff)
	}
	return jwt
}

var (
	tokenIn   = regexp.MustCompile(`[\w-]+\.[\w-]{20,}\.[\w-]{20,}`)
	keyMember = regexp.MustCompile(`"(kid|x|y)":"[^"]+"`)
	instant   = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`)
	expiresIn = regexp.MustCompile(`"expiresInSeconds":\d+`)
	dayOfWeek = regexp.MustCompile(`\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT`)
)

// shape is the compact form of a body, in its own order of keys, without what changes from run to run.
func shape(t *testing.T, body string) string {
	t.Helper()
	if value, err := entity.ParseJSON([]byte(body)); err == nil {
		body = string(entity.AppendJSON(nil, value))
	}
	body = tokenIn.ReplaceAllString(body, "{{signed jwt}}")
	body = keyMember.ReplaceAllString(body, `"$1":"…"`)
	body = instant.ReplaceAllString(body, "…")
	body = dayOfWeek.ReplaceAllString(body, "…")
	return expiresIn.ReplaceAllString(body, `"expiresInSeconds":…`)
}

// compareHeaders compares all headers but those that depend on what changes, and on the connection.
func compareHeaders(t *testing.T, p recorded, got http.Header) {
	t.Helper()
	skip := []string{"Date", "Connection", "Transfer-Encoding"}
	if shape(t, string(p.Response.Body)) != string(p.Response.Body) || strings.Contains(p.Request.Path, "/by-name/") {
		skip = append(skip, "Etag", "Content-Length")
	}
	want := http.Header{}
	for name, value := range p.Response.Headers {
		if text, ok := value.(string); ok && !slices.Contains(skip, http.CanonicalHeaderKey(name)) {
			want.Set(name, shape(t, text))
		}
	}
	ours := http.Header{}
	for name := range got {
		if !slices.Contains(skip, name) && !slices.Contains(standardHeaders, name) {
			ours.Set(name, shape(t, strings.Join(got[name], ", ")))
		}
	}
	// Ours alone.
	ours.Del("X-Request-Id")
	if diff := cmp.Diff(want, ours); diff != "" {
		t.Errorf("%s: headers (-recorded +ours)\n%s", p.Name, diff)
	}
	for _, name := range standardHeaders {
		if p.Response.StandardHeaders && got.Get(name) == "" {
			t.Errorf("%s: no %s", p.Name, name)
		}
	}
}

var standardHeaders = []string{
	"Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Dns-Prefetch-Control",
	"X-Download-Options", "X-Frame-Options", "X-Permitted-Cross-Domain-Policies", "X-Xss-Protection",
}

// compareToken compares the inside of an issued token with that of the recorded one: the same members in the same order,
// the same values where they do not change.
func compareToken(t *testing.T, p recorded, text string) {
	t.Helper()
	parsed, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if p.Response.Decoded.Payload == nil {
		return
	}
	want, err := entity.ParseObject(p.Response.Decoded.Payload)
	if err != nil {
		t.Fatal(err)
	}
	got, err := entity.ParseObject(parsed.Payload())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Keys(), got.Keys()); diff != "" {
		t.Errorf("%s: claims (-recorded +ours)\n%s", p.Name, diff)
	}
	for _, name := range []string{"iss", "sub", "aud"} {
		a, _ := want.Get(name)
		b, _ := got.Get(name)
		if a != b {
			t.Errorf("%s: %s is %v, want %v", p.Name, name, b, a)
		}
	}
	claims, err := parsed.Unverified()
	if err != nil {
		t.Fatal(err)
	}
	if claims.Expires-claims.IssuedAt != time.Hour.Seconds() {
		t.Errorf("%s: lives for %v s", p.Name, claims.Expires-claims.IssuedAt)
	}
}
