package kill_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
	"github.com/understudy-portal/understudy/test/fixture"
)

const (
	token    = "kill-static-token-0123456789"
	entities = 4000
)

// TestKillDuringIngest kills a server again and again while it ingests a catalog whose files keep changing. Nothing
// that was once answered may be missing afterwards, a deletion that was answered must have happened, and in the end the
// catalog must be the one that an undisturbed server has.
func TestKillDuringIngest(t *testing.T) {
	bin, kills := settings(t)
	for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
		t.Run(string(engine), func(t *testing.T) {
			section := ""
			if engine == database.PostgreSQL {
				section = sectionOf(databasetest.DSN(t))
			}
			disturbed := newServer(t, bin, section, "")
			disturbed.killAgainAndAgain(t, kills)
			got := disturbed.settled(t)
			disturbed.kill(t)

			reference := newServer(t, bin, "", "")
			copyFiles(t, disturbed.catalog, reference.catalog)
			reference.start(t)
			want := reference.settled(t)
			reference.kill(t)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the catalog differs from that of an undisturbed server (-undisturbed +killed):\n%s", diff)
			}
			t.Logf("%d kills, 0 entities lost of %d; ready again after %s (median), %s (slowest)", kills, entities,
				median(disturbed.readyAfter).Round(time.Millisecond), slices.Max(disturbed.readyAfter).Round(time.Millisecond))
		})
	}
}

// settings are the binary and how often to kill it.
func settings(t *testing.T) (bin string, kills int) {
	t.Helper()
	bin = os.Getenv("UNDERSTUDY_BIN")
	if bin == "" {
		t.Skip("UNDERSTUDY_BIN is not set; make test-kill sets it")
	}
	if n, err := strconv.Atoi(os.Getenv("UNDERSTUDY_KILLS")); err == nil {
		return bin, n
	}
	return bin, 50
}

// sectionOf is the part of the backend section that has a server keep everything on PostgreSQL.
func sectionOf(dsn string) string {
	return fmt.Sprintf("database: {client: pg, pluginDivisionMode: schema, connection: %q}", dsn)
}

// openSchema opens the tables of a plugin on PostgreSQL, openFile those in the server's SQLite file.
func openSchema(dsn, schema string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.RuntimeParams["search_path"] = schema
	return stdlib.OpenDB(*cfg), nil
}

func openFile(s *server, plugin string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+filepath.Join(filepath.Dir(s.config), "data", "understudy-"+plugin+".sqlite")+"?mode=ro")
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

type server struct {
	bin, config, catalog, addr string
	process                    *exec.Cmd
	log                        *bytes.Buffer
	readyAfter                 []time.Duration
	seen                       map[string]string // ref → uid, of what was answered and not deleted since
	deleted                    map[string]bool   // uids whose deletion was answered
}

// newServer prepares a server whose configuration has another database, or more sections.
func newServer(t *testing.T, bin, database, sections string) *server {
	t.Helper()
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := &server{bin: bin, config: filepath.Join(dir, "app-config.yaml"), catalog: filepath.Join(dir, "catalog"), addr: addr, log: &bytes.Buffer{}, seen: map[string]string{}, deleted: map[string]bool{}}
	text := fmt.Sprintf(`backend:
  baseUrl: http://%[1]s
  listen: %[1]s
  auth: {externalAccess: [{type: static, options: {token: %[2]s, subject: kill}}]}
  %[3]s
catalog:
  processingInterval: {seconds: 1}
  rules: [{allow: [Component, API, Resource, System, Domain, Group, User, Location]}]
  locations: [{type: file, target: %[4]q}]
understudy: {dataDir: %[5]q, metrics: {listen: '127.0.0.1:0'}}
%[6]s`, addr, token, database, filepath.Join(s.catalog, "*.yaml"), filepath.Join(dir, "data"), sections)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.process != nil {
			s.kill(t)
		}
		if t.Failed() {
			t.Logf("the server's last words:\n%s", tail(s.log.Bytes()))
		}
	})
	return s
}

func tail(log []byte) []byte { return log[max(0, len(log)-4000):] }

func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = exec.CommandContext(t.Context(), s.bin, "serve", "--config", s.config, "--log-format", "json")
	s.process.Stdout, s.process.Stderr = s.log, s.log
	began := time.Now()
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	s.until(t, "ready", func() bool {
		status, _ := s.ask(t, http.MethodGet, "/.backstage/health/v1/readiness")
		return status == http.StatusOK
	})
	s.readyAfter = append(s.readyAfter, time.Since(began))
}

func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.process.Wait() // it was killed
	s.process = nil
}

func (s *server) killAgainAndAgain(t *testing.T, kills int) {
	t.Helper()
	if _, err := fixture.Write(s.catalog, entities); err != nil {
		t.Fatal(err)
	}
	for i := range kills {
		s.start(t)
		s.checkNothingLost(t, i)
		s.change(t, i)
		deadline := time.Now().Add(time.Duration(rand.IntN(900)) * time.Millisecond)
		for time.Now().Before(deadline) {
			s.look(t)
		}
		s.deleteOne(t)
		s.kill(t)
	}
	s.start(t)
	s.checkNothingLost(t, kills)
}

// written is what change replaces: the fixture's own words, or those of an earlier round.
var written = regexp.MustCompile(`that people (write|wrote \d+)`)

// change rewrites one file with other descriptions, so that every round has something to ingest.
func (s *server) change(t *testing.T, round int) {
	t.Helper()
	name := filepath.Join(s.catalog, fmt.Sprintf("entities-%06d.yaml", round%(entities/fixture.PerFile)))
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	next := written.ReplaceAll(text, fmt.Appendf(nil, "that people wrote %d", round))
	if bytes.Equal(next, text) {
		t.Fatalf("round %d changes nothing in %s", round, name)
	}
	if err := os.WriteFile(name+".next", next, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".next", name); err != nil {
		t.Fatal(err)
	}
}

type summary struct {
	Kind     string
	Metadata struct {
		Name, Namespace, UID, Description string
	}
	Relations []struct{ Type, TargetRef string }
}

func (e summary) ref() string { return e.Kind + ":" + e.Metadata.Namespace + "/" + e.Metadata.Name }

func (s *server) all(t *testing.T, fields string) []summary {
	t.Helper()
	status, body := s.ask(t, http.MethodGet, "/api/catalog/entities?filter=metadata.annotations.example.com/pager&fields="+fields)
	if status == 0 {
		return nil
	}
	var list []summary
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		t.Fatalf("entities: %d %v %.200s", status, err, body)
	}
	return list
}

// look remembers what the server answers now.
func (s *server) look(t *testing.T) {
	t.Helper()
	for _, e := range s.all(t, "kind,metadata.name,metadata.namespace,metadata.uid") {
		if !s.deleted[e.Metadata.UID] {
			s.seen[e.ref()] = e.Metadata.UID
		}
	}
}

// checkNothingLost compares what is there after a kill with what had been answered before it.
func (s *server) checkNothingLost(t *testing.T, round int) {
	t.Helper()
	now := map[string]string{}
	for _, e := range s.all(t, "kind,metadata.name,metadata.namespace,metadata.uid") {
		if _, twice := now[e.ref()]; twice {
			t.Errorf("round %d: %s is there twice", round, e.ref())
		}
		if s.deleted[e.Metadata.UID] {
			t.Errorf("round %d: %s is back with the uid that was deleted", round, e.ref())
		}
		now[e.ref()] = e.Metadata.UID
	}
	lost := 0
	for ref, uid := range s.seen {
		if now[ref] != uid {
			lost++
		}
	}
	if lost > 0 {
		t.Fatalf("round %d: %d of %d entities that had been answered are gone or have another uid", round, lost, len(s.seen))
	}
}

// deleteOne deletes an entity. Its location still declares it, so it returns, under another uid.
func (s *server) deleteOne(t *testing.T) {
	t.Helper()
	for ref, uid := range s.seen {
		if status, body := s.ask(t, http.MethodDelete, "/api/catalog/entities/by-uid/"+uid); status != http.StatusNoContent {
			t.Fatalf("delete %s: %d %s", ref, status, body)
		}
		delete(s.seen, ref)
		s.deleted[uid] = true
		return
	}
}

// settled waits until the catalog is whole and returns it, uids aside.
func (s *server) settled(t *testing.T) map[string]string {
	t.Helper()
	var last []byte
	var since time.Time // when it last changed
	s.until(t, "whole and at rest", func() bool {
		list := s.all(t, "kind,metadata,relations")
		if len(list) != entities {
			return false
		}
		text, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(text, last) {
			last, since = text, time.Now()
		}
		return time.Since(since) > 1500*time.Millisecond // longer than the interval at which files are read again
	})
	var list []summary
	if err := json.Unmarshal(last, &list); err != nil {
		t.Fatal(err)
	}
	whole := map[string]string{}
	for _, e := range list {
		whole[e.ref()] = fmt.Sprintf("%s %v", e.Metadata.Description, e.Relations)
	}
	return whole
}

func (s *server) until(t *testing.T, what string, good func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !good() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the server is not %s after two minutes", what)
		}
	}
}

// ask sends one request; status 0 means that nobody answered.
func (s *server) ask(t *testing.T, method, path string) (int, []byte) {
	t.Helper()
	return s.send(t, method, path, "")
}

// send is ask with a JSON body.
func (s *server) send(t *testing.T, method, path, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

// read decodes the answer to a GET; false means that there was none, or none of status 200.
func (s *server) read(t *testing.T, path string, into any) bool {
	t.Helper()
	status, body := s.ask(t, http.MethodGet, path)
	if status != http.StatusOK {
		return false
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("GET %s: %v: %.200s", path, err, body)
	}
	return true
}
