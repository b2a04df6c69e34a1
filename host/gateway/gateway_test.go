package gateway

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/host/router"
)

// TestRequestLineIsByteExact: what the caller spelled is what the peer reads, whatever net/url thinks of it.
func TestRequestLineIsByteExact(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Method+" "+r.RequestURI) }), setup{})
	for _, path := range []string{
		"", "/", "/entities", "/by-name/component/default/a%2Fb", "/by-name/component/default/a%2fb", "/.../x", "/%252e%252e/x", "/x..", "/./x",
		"//x", "/x//y", "/x/", "/a;b=c", "/a|b", `/"quoted"`, "/ä", "/%C3%A4", "/%61", "/a+b%20c", "/a\\b", "/^{}`<>",
		"/x?", "/x?a=1;b=2", "/x?a=%zz&b", "/x?filter=kind=component,metadata.name=%2F", "/x?a=b?c", "/x?q=\"|^", "/x?a=1&a=2&A=3",
	} {
		if got := f.get("/api/catalog" + path); got.StatusCode != 200 || got.body != "GET /api/catalog"+path {
			t.Errorf("sent %q, the peer got %d %q", "/api/catalog"+path, got.StatusCode, got.body)
		}
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
		got := send(t, f.url, request(method, "/api/catalog/x", "Content-Length: 0"))
		if got.body != method+" /api/catalog/x" {
			t.Errorf("%s: %q", method, got.body)
		}
	}
	for sent, want := range map[string]string{
		"/API/Catalog/Entities":       "GET /api/catalog/Entities", // mounts have no letter case
		"http://h/api/catalog/x?y":    "GET /api/catalog/x?y",
		"/index.html":                 "GET /index.html",
		"/":                           "GET /",
		"//evil.example.com/x":        "GET //evil.example.com/x",
		"/catalog/default/x%2Fy?z=%2": "GET /catalog/default/x%2Fy?z=%2",
	} {
		if got := f.get(sent); got.body != want {
			t.Errorf("sent %q, the peer got %q, want %q", sent, got.body, want)
		}
	}
}

// TestThePeersPathCannotBeLeft: what discovery.endpoints names is all of the peer that this server leads to.
func TestThePeersPathCannotBeLeft(t *testing.T) {
	t.Parallel()
	echo := peer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RequestURI) })
	f := start(t, echo, setup{endpoints: "[{target: {internal: '%s/backstage/api/{{pluginId}}'}, plugins: ['*']}]"})
	own := start(t, echo, setup{endpoints: "[{target: {internal: '%s/front/api/app'}, plugins: [app]}, {target: {internal: '%s/api/{{pluginId}}'}, plugins: ['*']}]"})
	for _, path := range []string{
		"/../../../other", "/%2e%2e/%2e%2e/%2e%2e/other", "/%2E./other", "/..%2f..%2fadmin", `/..\admin`, "/..%5cadmin", "/..;/admin", "/..;x=y/admin", "/%2e%2e%3b/admin",
		"/..%00/admin", "/..%00x", "/..%20/admin", "/..", "/x/..", "/%ff", "/x/../../y?z=1",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			for _, at := range []string{"/api/catalog", "", "/x"} {
				if got := send(t, f.url, request(method, at+path, "Content-Length: 0")); got.StatusCode != http.StatusBadRequest {
					t.Errorf("%s %s: %d %s", method, at+path, got.StatusCode, got.body)
				}
			}
		}
		if got := f.get("/api/catalog"+path, "Connection: Upgrade", "Upgrade: websocket"); got.StatusCode != http.StatusBadRequest {
			t.Errorf("a WebSocket at %s: %d %s", path, got.StatusCode, got.body)
		}
	}
	f.get("/api/catalog/../x").wantFault(t, 400, "InputError", "The path cannot be passed on")
	for sent, want := range map[string]string{
		"/": "/backstage/", "/x": "/backstage/x", "//evil/x?y": "/backstage//evil/x?y", "/api/catalog/x": "/backstage/api/catalog/x", "/x?../..": "/backstage/x?../..",
		"/api/app/x": "/backstage/api/app/x",
	} {
		if got := f.get(sent); got.body != want {
			t.Errorf("sent %s, the peer got %d %s, want %s", sent, got.StatusCode, got.body, want)
		}
	}
	if got := own.get("/x"); got.body != "/front/x" {
		t.Errorf("the frontend's own entry: %d %s", got.StatusCode, got.body)
	}
	// What is in front of another path than /api/<id> is not known.
	for _, target := range []string{"%s/plugins/{{pluginId}}", "%s", "%s/api/v2-{{pluginId}}"} {
		f := start(t, echo, setup{endpoints: "[{target: {internal: '" + target + "'}, plugins: ['*']}]"})
		if got := f.get("/x"); got.StatusCode != http.StatusNotFound || got.body != "" {
			t.Errorf("%s: %d %s", target, got.StatusCode, got.body)
		}
	}
}

// TestWhoseRequest: what lives here stays here, and what nobody serves is an empty 404.
func TestWhoseRequest(t *testing.T) {
	t.Parallel()
	echo := peer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "peer "+r.RequestURI) })
	console := func(rt *router.Router) {
		rt.Handle("/console", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "console") }))
		rt.Fallback(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fallback") }))
		rt.Ready()
	}
	all := start(t, echo, setup{declare: console})
	some := start(t, echo, setup{declare: console, endpoints: `
[{target: {internal: '%s/base/{{pluginId}}'}, plugins: [catalog, CamelCase]}, {target: {external: 'https://x.example.com'}, plugins: [outside]}]`})
	for _, tc := range []struct {
		f          *front
		path, want string
	}{
		{all, "/api/here/who", "200 here"},
		{all, "/api/HERE/who", "200 here"},
		{all, "/api/here/nope", "404 "},
		{all, "/api/catalog/x", "200 peer /api/catalog/x"},
		{all, "/api/catalog/.backstage/auth/v1/jwks.json", "200 peer /api/catalog/.backstage/auth/v1/jwks.json"},
		{all, "/api", "404 "},
		{all, "/api/", "404 "},
		{all, "/api/../x", "404 "},
		{all, "/api/%2e%2e/x", "404 "},
		{all, "/api/a%2Fb/x", "404 "},
		{all, "/api/c%61talog/x", "404 "},
		{all, "/apix", "200 peer /apix"},
		{all, "/console", "200 console"},
		{all, "/console/x", "200 console"},
		{all, "/.backstage/health/v1/liveness", `200 {"status":"ok"}`},
		{all, "/", "200 peer /"},
		{some, "/api/catalog/x", "200 peer /base/catalog/x"},
		{some, "/api/camelcase/x", "404 "},
		{some, "/api/CamelCase/x", "200 peer /base/CamelCase/x"},
		{some, "/api/search/x", "404 "},
		{some, "/api/outside/x", "404 "},
		{some, "/", "200 fallback"},
	} {
		got := tc.f.get(tc.path)
		if text := fmt.Sprintf("%d %s", got.StatusCode, got.body); text != tc.want {
			t.Errorf("%s: got %s, want %s", tc.path, text, tc.want)
		}
	}
}

// pieces is what a peer answers in TestAnswersAreThePeers.
func pieces(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Strict-Transport-Security", "max-age=15552000; includeSubDomains")
	h.Add("Set-Cookie", "a=1; Path=/; HttpOnly")
	h.Add("Set-Cookie", "backstage-auth=x; Path=/; Secure; SameSite=None; Priority=High")
	h["X-lower-case"] = []string{"kept"}
	switch strings.TrimPrefix(r.URL.Path, "/api/catalog") {
	case "/json":
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("ETag", `"strong"`)
		h.Set("Vary", "Accept-Encoding")
		_, _ = io.WriteString(w, `{"text":"`+strings.Repeat("compressible ", 400)+`"}`)
	case "/gzip":
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", `W/"weak"`)
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, strings.Repeat("compressible ", 400))
		_ = z.Close()
	case "/range":
		http.ServeContent(w, r, "x.txt", testTime, strings.NewReader(strings.Repeat("0123456789", 300)))
	case "/304":
		h.Set("ETag", `W/"weak"`)
		w.WriteHeader(http.StatusNotModified)
	case "/204":
		w.WriteHeader(http.StatusNoContent)
	case "/untyped":
		h["Content-Type"] = nil
		_, _ = io.WriteString(w, "<html>what is it</html>")
	case "/empty404":
		w.WriteHeader(http.StatusNotFound)
	case "/redirect":
		http.Redirect(w, r, "https://idp.example.com/login?a=b", http.StatusFound)
	case "/teapot":
		w.WriteHeader(799)
	case "/hop":
		h.Set("Connection", "X-Secret-Hop")
		h.Set("X-Secret-Hop", "1")
		h.Set("Keep-Alive", "timeout=5")
	}
}

// TestAnswersAreThePeers compares answers through the gateway with direct ones: bytes, and all headers but those that a
// gateway adds.
func TestAnswersAreThePeers(t *testing.T) {
	t.Parallel()
	direct := peer(t, pieces)
	f := start(t, direct, setup{})
	added := []string{"Via", "X-Request-Id", "Date"}
	for _, tc := range []struct {
		method, path string
		headers      []string
	}{
		{"GET", "/json", nil},
		{"GET", "/json", []string{"Accept-Encoding: gzip, br"}},
		{"HEAD", "/json", []string{"Accept-Encoding: gzip, br"}},
		{"GET", "/gzip", []string{"Accept-Encoding: gzip, br"}},
		{"GET", "/gzip", nil},
		{"GET", "/range", []string{"Range: bytes=10-29", "Accept-Encoding: gzip"}},
		{"GET", "/range", []string{"Range: bytes=99999-"}},
		{"HEAD", "/range", nil},
		{"GET", "/304", []string{`If-None-Match: W/"weak"`}},
		{"GET", "/204", nil},
		{"GET", "/untyped", nil},
		{"GET", "/empty404", nil},
		{"GET", "/redirect", nil},
		{"GET", "/teapot", nil},
	} {
		t.Run(tc.method+tc.path, func(t *testing.T) {
			t.Parallel()
			text := request(tc.method, "/api/catalog"+tc.path, append(tc.headers, "Authorization: Bearer abc", "Cookie: a=b")...)
			want, got := send(t, direct, text), send(t, f.url, text)
			if via := got.Header.Get("Via"); via != "1.1 "+f.gateway.name {
				t.Errorf("Via is %q", via)
			}
			for _, name := range added {
				want.Header.Del(name)
				got.Header.Del(name)
			}
			if got.StatusCode != want.StatusCode || got.body != want.body || got.ContentLength != want.ContentLength {
				t.Errorf("got %d, %d bytes of %d; want %d, %d of %d", got.StatusCode, len(got.body), got.ContentLength, want.StatusCode, len(want.body), want.ContentLength)
			}
			if diff := cmp.Diff(want.Header, got.Header); diff != "" {
				t.Errorf("headers: -direct +gateway\n%s", diff)
			}
		})
	}
	hop := f.get("/api/catalog/hop")
	if hop.Header.Get("X-Secret-Hop") != "" || hop.Header.Get("Keep-Alive") != "" {
		t.Errorf("headers of one connection were passed on: %v", hop.Header)
	}
}

// TestRequestsArriveWhole: the peer gets every header of the caller's but those of the connection, and the body's bytes.
func TestRequestsArriveWhole(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 1)
	bodies := make(chan []byte, 1)
	hosts := make(chan string, 1)
	f := start(t, peer(t, func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		seen <- r.Header
		bodies <- data
		hosts <- r.Host
	}), setup{})
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
	text := strings.TrimSuffix(request(http.MethodPost, "/api/catalog/x",
		"Authorization: Bearer abc.def.ghi", "Cookie: backstage-auth=x; b=c", `If-None-Match: W/"x"`, "Range: bytes=0-1", "Content-Type: application/json",
		"Accept: */*", "Accept-Encoding: gzip, br", "Origin: https://portal.example.com", "Idempotency-Key: k", "X-Custom: 1", "X-Custom: 2", "X-Request-Id: mine",
		"Connection: keep-alive, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Te: trailers", "Via: 1.0 cdn", fmt.Sprintf("Content-Length: %d", len(body))), "")
	if got := send(t, f.url, text+string(body)); got.StatusCode != 200 {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	want := http.Header{
		"Authorization": {"Bearer abc.def.ghi"}, "Cookie": {"backstage-auth=x; b=c"}, "If-None-Match": {`W/"x"`}, "Range": {"bytes=0-1"},
		"Content-Type": {"application/json"}, "Accept": {"*/*"}, "Accept-Encoding": {"gzip, br"}, "Origin": {"https://portal.example.com"},
		"Idempotency-Key": {"k"}, "X-Custom": {"1", "2"}, "X-Request-Id": {"mine"}, "Te": {"trailers"}, "Via": {"1.0 cdn", "1.1 " + f.gateway.name},
		"Content-Length":  {fmt.Sprint(len(body))},
		"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"portal.example.com"},
	}
	if diff := cmp.Diff(want, <-seen); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !bytes.Equal(<-bodies, body) {
		t.Error("the body arrived otherwise than it was sent")
	}
	if host := <-hosts; host == "portal.example.com" {
		t.Error("the peer was not called by its own name")
	}
}

// TestForwardedHeaders: what a caller says of its own caller counts only where backend.trustProxy names it.
func TestForwardedHeaders(t *testing.T) {
	t.Parallel()
	said := []string{
		"X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: bs.example.com", "X-Forwarded-Port: 443",
		"Forwarded: for=203.0.113.7;proto=https",
	}
	loopback, err := router.ParseTrustProxy([]string{"loopback"})
	if err != nil {
		t.Fatal(err)
	}
	others, err := router.ParseTrustProxy([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	const kept = "203.0.113.7, 127.0.0.1|https|bs.example.com|443|for=203.0.113.7;proto=https"
	const own = "127.0.0.1|http|portal.example.com||"
	for _, tc := range []struct {
		name  string
		trust router.TrustProxy
		said  []string
		want  string
	}{
		{"nobody is trusted", router.TrustProxy{}, said, own},
		{"another is trusted", others, said, own},
		{"the caller is trusted", loopback, said, kept},
		{"one hop", router.TrustHops(1), said, kept},
		{"all", router.TrustAll(), said, kept},
		{"trusted, and says nothing", loopback, nil, own},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
				for i, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "Forwarded"} {
					if i > 0 {
						_, _ = io.WriteString(w, "|")
					}
					_, _ = io.WriteString(w, strings.Join(r.Header[name], "&"))
				}
			}), setup{router: router.Config{TrustProxy: tc.trust}})
			if got := f.get("/api/catalog/x", tc.said...); got.body != tc.want {
				t.Errorf("got %s, want %s", got.body, tc.want)
			}
		})
	}
}

// TestCORSIsNotDoubled: an answer has the peer's CORS headers or ours, never both.
func TestCORSIsNotDoubled(t *testing.T) {
	t.Parallel()
	ours := &router.CORS{Origins: []string{"https://ours.example.com"}, Credentials: true}
	f := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept-Encoding")
		if strings.HasSuffix(r.URL.Path, "/own") {
			w.Header().Set("Access-Control-Allow-Origin", "https://peers.example.com")
			w.Header().Set("Access-Control-Expose-Headers", "etag")
		}
	}), setup{router: router.Config{CORS: ours}})
	bare := start(t, peer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	}), setup{})
	for _, tc := range []struct {
		f                    *front
		path, origin         string
		allow, creds, expose []string
		vary                 []string
	}{
		{f, "/x", "https://ours.example.com", []string{"https://ours.example.com"}, []string{"true"}, nil, []string{"Origin", "Accept-Encoding"}},
		{f, "/own", "https://ours.example.com", []string{"https://peers.example.com"}, nil, []string{"etag"}, []string{"Accept-Encoding"}},
		{f, "/x", "https://other.example.com", nil, nil, nil, []string{"Accept-Encoding"}},
		{bare, "/x", "https://a.example.com", []string{"https://a.example.com"}, nil, nil, nil},
	} {
		h := tc.f.get("/api/catalog"+tc.path, "Origin: "+tc.origin).Header
		got := [][]string{h["Access-Control-Allow-Origin"], h["Access-Control-Allow-Credentials"], h["Access-Control-Expose-Headers"], h["Vary"]}
		if diff := cmp.Diff([][]string{tc.allow, tc.creds, tc.expose, tc.vary}, got); diff != "" {
			t.Errorf("%s from %s: %s", tc.path, tc.origin, diff)
		}
	}
	preflight := send(t, f.url, request(http.MethodOptions, "/api/catalog/x", "Origin: https://ours.example.com", "Access-Control-Request-Method: PUT"))
	if preflight.StatusCode != http.StatusNoContent || len(preflight.Header["Access-Control-Allow-Origin"]) != 1 || preflight.Header.Get("Via") != "" {
		t.Errorf("a preflight is ours to answer: %d %v", preflight.StatusCode, preflight.Header)
	}
}

// TestTrailers pass, announced or not.
func TestTrailers(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Announced")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-Announced", "1")
		w.Header().Set(http.TrailerPrefix+"X-Late", "2")
	}), setup{})
	res := f.open(t.Context(), "/api/catalog/x")
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	if res.Trailer.Get("X-Announced") != "1" || res.Trailer.Get("X-Late") != "2" {
		t.Errorf("trailers: %v", res.Trailer)
	}
}

// TestEarlyHints pass without our headers, and leave the answer's alone.
func TestEarlyHints(t *testing.T) {
	t.Parallel()
	f := start(t, peer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		_, _ = io.WriteString(w, "body")
	}), setup{})
	got := f.get("/api/catalog/x")
	if got.StatusCode != http.StatusEarlyHints || got.Header.Get("Link") == "" || got.Header.Get("X-Request-Id") != "" {
		t.Errorf("hint: %d %v", got.StatusCode, got.Header)
	}
	res := f.open(t.Context(), "/api/catalog/x") // net/http passes over the hint
	if res.StatusCode != 200 || res.Header.Get("X-Request-Id") == "" || res.Header.Get("Link") != "" {
		t.Errorf("answer: %d %v", res.StatusCode, res.Header)
	}
}

func TestHeaderNamesOfOurErrors(t *testing.T) {
	t.Parallel()
	f := start(t, "http://127.0.0.1:1", setup{})
	got := f.get("/api/catalog/x")
	if got.Header.Get("X-Frame-Options") != "SAMEORIGIN" || got.Header.Get("Content-Security-Policy") == "" || slices.Contains(got.Header["Via"], "1.1 "+f.gateway.name) {
		t.Errorf("an error of ours has our headers: %v", got.Header)
	}
}
