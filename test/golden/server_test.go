package golden_test

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // names of Location entities are SHA-1, catalog.md 1.5
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/config"
)

const (
	recordedBase    = "http://127.0.0.1:7017"
	recordedCatalog = "/golden/catalog"
	token           = "golden-static-token-0123456789"
	restrictedToken = "golden-restricted-token-0123456789"
)

// roots are the configured locations, in their order.
var roots = []string{"location.yaml", "broken.yaml", "notallowed.yaml", "duplicate.yaml"}

func generatedName(dir, file string) string {
	sum := sha1.Sum([]byte("file:" + dir + "/" + file)) //nolint:gosec // as above
	return "generated-" + hex.EncodeToString(sum[:])
}

// byName returns the roots in the order of their generated names, which depend on the folder they lie in.
func byName(dir string) []string {
	files := slices.Clone(roots)
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(generatedName(dir, a), generatedName(dir, b)) })
	return files
}

// catalogDir copies the recorded catalog to a folder in which the generated Location names sort as they did when it
// was recorded, so that ordered answers are in the same order.
func catalogDir(t *testing.T) string {
	t.Helper()
	want := byName(recordedCatalog)
	base := t.TempDir()
	for i := range 10_000 {
		dir := filepath.Join(base, fmt.Sprint(i))
		if !slices.Equal(byName(dir), want) {
			continue
		}
		if err := os.CopyFS(dir, os.DirFS("catalog")); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Fatal("no folder name gives the recorded order")
	return ""
}

// server is Understudy, set up as the peer was, with the translation between its addresses and the recorded ones.
type server struct {
	base, dir string
	toOurs    *strings.Replacer
	toTheirs  *strings.Replacer
	// addresses are further ones, as they were recorded and as they are here.
	addresses [][2]string
	// jwt is the latest user token that was issued.
	jwt string
}

const configText = `
app: {title: peer, baseUrl: http://127.0.0.1:7017}
organization: {name: Golden}
backend:
  baseUrl: http://127.0.0.1:7017
  listen: {host: 127.0.0.1, port: 0}
  cors: {origin: http://app.example.com, methods: [GET, POST, PUT, DELETE], credentials: true}
  reading: {allow: [{host: '127.0.0.1:7018'}]}
  auth:
    externalAccess:
      - {type: static, options: {token: golden-static-token-0123456789, subject: golden}}
      - {type: static, options: {token: golden-restricted-token-0123456789, subject: golden-restricted}, accessRestrictions: [{plugin: catalog, permission: catalog.entity.read}]}
  $DATABASE
auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}
catalog:
  orphanStrategy: keep
  processingInterval: {seconds: 1}
  rules: [{allow: [Component, API, Resource, System, Domain, Group, User, Location, Spaceship]}]
  locations:
    - {type: file, target: $DIR/duplicate.yaml}
    - {type: file, target: $DIR/location.yaml}
    - {type: file, target: $DIR/broken.yaml}
    - {type: file, target: $DIR/notallowed.yaml}
understudy: {dataDir: $DATA, metrics: {listen: '127.0.0.1:0'}, console: {enabled: false}}
`

// start runs the server on one database, with more sections if they are wanted, and brings its catalog to the state that
// was recorded.
func start(t *testing.T, database, more string) *server {
	t.Helper()
	dir := catalogDir(t)
	text := strings.NewReplacer("$DATABASE", database, "$DIR", dir, "$DATA", t.TempDir()).Replace(configText) + more
	cfg, err := config.Parse("golden", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan backend.Running, 1), make(chan error, 1)
	b := backend.New(backend.WithConfig(cfg), backend.WithEnviron(nil), backend.WithLog(io.Discard, "json"),
		backend.WithReady(func(r backend.Running) { ready <- r })).Add(standard.Plugins()...)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	s := &server{dir: dir}
	select {
	case r := <-ready:
		s.base = fmt.Sprintf("http://127.0.0.1:%d", r.Port)
	case err := <-done:
		done <- nil
		t.Fatalf("start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("not ready within a minute")
	}
	s.settle(t)
	return s
}

// settle waits for the first ingestion, takes the orphan's target away, and waits for the orphan.
func (s *server) settle(t *testing.T) {
	t.Helper()
	s.await(t, "the orphan-to-be", "/api/catalog/entities/by-name/component/default/orphan", func(status int, _ []byte) bool { return status == http.StatusOK })
	location := filepath.Join(s.dir, "location.yaml")
	text, err := os.ReadFile(location)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "./orphan.yaml") {
			kept = append(kept, line)
		}
	}
	// A whole file or none: the server may read it at any moment.
	next := location + ".next"
	if err := os.WriteFile(next, []byte(strings.Join(kept, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, location); err != nil {
		t.Fatal(err)
	}
	s.await(t, "the orphan's mark", "/api/catalog/entities/by-name/component/default/orphan", func(_ int, body []byte) bool {
		return bytes.Contains(body, []byte(`"backstage.io/orphan":"true"`))
	})
	s.await(t, "all entities", "/api/catalog/entities/by-query?limit=0", func(_ int, body []byte) bool {
		return bytes.Contains(body, []byte(`"totalItems":23`))
	})
}

// await asks again until the answer is as wished.
func (s *server) await(t *testing.T, what, path string, good func(status int, body []byte) bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		status, _, body := s.send(t, http.MethodGet, path, map[string]string{"Authorization": "Bearer " + token}, nil)
		if good(status, body) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s did not come about within 30 s; last answer: %d %s", what, status, body)
		}
	}
}

// learn builds the translation: folders, generated names, uids.
func (s *server) learn(t *testing.T, recordedUIDs map[string]string) {
	t.Helper()
	_, _, body := s.send(t, http.MethodGet, "/api/catalog/entities", map[string]string{"Authorization": "Bearer " + token}, nil)
	var entities []struct {
		Kind     string
		Metadata struct{ Name, Namespace, UID string }
	}
	if err := json.Unmarshal(body, &entities); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	ours := map[string]string{}
	for _, e := range entities {
		ours[strings.ToLower(e.Kind+":"+e.Metadata.Namespace+"/"+e.Metadata.Name)] = e.Metadata.UID
	}
	mapped := slices.Concat(s.addresses, [][2]string{{recordedCatalog, s.dir}, {recordedBase, s.base}, {"127.0.0.1:7017", strings.TrimPrefix(s.base, "http://")}})
	for _, file := range roots {
		mapped = append(mapped, [2]string{generatedName(recordedCatalog, file), generatedName(s.dir, file)})
	}
	for uid, ref := range recordedUIDs {
		for _, file := range roots {
			ref = strings.ReplaceAll(ref, generatedName(recordedCatalog, file), generatedName(s.dir, file))
		}
		if own, ok := ours[ref]; ok {
			mapped = append(mapped, [2]string{uid, own})
		}
	}
	var there, back []string
	for _, m := range mapped {
		there, back = append(there, m[0], m[1]), append(back, m[1], m[0])
	}
	s.toOurs, s.toTheirs = strings.NewReplacer(there...), strings.NewReplacer(back...)
}

func (s *server) send(t *testing.T, method, path string, headers map[string]string, body []byte) (int, http.Header, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header["User-Agent"] = nil // the recorder sent none of its own
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: read: %v", method, path, err)
	}
	return resp.StatusCode, resp.Header, data
}
