package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/test/fixture"
)

const token = "bench-static-token-0123456789"

// subject is the process that is measured, with its configuration and its store.
type subject struct {
	plan    plan
	dir     string
	addr    string
	config  string
	process *exec.Cmd
	log     bytes.Buffer
}

func newSubject(p plan, database string) (*subject, error) {
	dir, err := os.MkdirTemp("", "understudy-bench")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &subject{plan: p, dir: dir, addr: "127.0.0.1:" + port, config: filepath.Join(dir, "app-config.yaml")}
	return s, s.configure(database, "")
}

// configure writes the configuration; locations is the list of catalog.locations in YAML.
func (s *subject) configure(database, locations string) error {
	text := fmt.Sprintf(`backend:
  baseUrl: http://%[1]s
  listen: %[1]s
  auth: {externalAccess: [{type: static, options: {token: %[2]s, subject: bench}}]}
  %[3]s
catalog:
  rules: [{allow: [Component, API, Resource, System, Domain, Group, User, Location, Template]}]
  locations: [%[4]s]
understudy: {dataDir: %[5]q, metrics: {listen: '127.0.0.1:0'}, console: {enabled: false}}
`, s.addr, token, database, locations, filepath.Join(s.dir, "data"))
	return os.WriteFile(s.config, []byte(text), 0o600)
}

// add appends sections to the configuration.
func (s *subject) add(sections string) error {
	old, err := os.ReadFile(s.config)
	if err != nil {
		return err
	}
	return os.WriteFile(s.config, append(old, sections...), 0o600)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// start runs the binary, and returns how long it took until it called itself ready.
func (s *subject) start(ctx context.Context) (time.Duration, error) {
	s.log.Reset()
	s.process = exec.CommandContext(ctx, s.plan.bin, "serve", "--config", s.config, "--log-format", "json") //nolint:gosec // the binary under test
	s.process.Stdout, s.process.Stderr = io.Discard, io.Discard
	began := time.Now()
	if err := s.process.Start(); err != nil {
		return 0, err
	}
	err := s.until(ctx, time.Minute, 2*time.Millisecond, func() bool {
		status, _ := s.ask(ctx, "/.backstage/health/v1/readiness")
		return status == http.StatusOK
	})
	return time.Since(began), err
}

func (s *subject) stop() error {
	if s.process == nil {
		return nil
	}
	defer func() { s.process = nil }()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.process.Wait()
}

func (s *subject) remove() {
	if s.process != nil {
		_ = s.process.Process.Kill() // on the way out
		_ = s.process.Wait()         // on the way out
	}
	_ = os.RemoveAll(s.dir) // a temporary folder
}

func (s *subject) until(ctx context.Context, limit, each time.Duration, good func() bool) error {
	deadline := time.Now().Add(limit)
	for !good() {
		if time.Now().After(deadline) {
			return errors.New("did not come about in " + limit.String())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(each):
		}
	}
	return nil
}

func (s *subject) ask(ctx context.Context, path string) (int, []byte) {
	return s.send(ctx, http.MethodGet, path, 10*time.Second)
}

// send returns status 0 where nobody answers in time.
func (s *subject) send(ctx context.Context, method, path string, limit time.Duration) (int, []byte) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, nil)
	if err != nil {
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{Timeout: limit}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body) // an incomplete answer is asked for again
	return resp.StatusCode, body
}

// total is how many entities match the filter.
func (s *subject) total(ctx context.Context, filter string) int {
	var answer struct{ TotalItems int }
	_, body := s.ask(ctx, "/api/catalog/entities/by-query?limit=0"+filter)
	if json.Unmarshal(body, &answer) != nil {
		return -1
	}
	return answer.TotalItems
}

func (s *subject) measureStart(ctx context.Context, what string, then func() error) error {
	var best, used time.Duration
	var memory float64
	for range 3 {
		took, err := s.start(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if best == 0 || took < best {
			best, used = took, s.cpu()
		}
		if then != nil {
			if err := then(); err != nil {
				return err
			}
			if err := rest(ctx); err != nil {
				return err
			}
		}
		memory = s.memory()
		if err := s.stop(); err != nil {
			return err
		}
	}
	row(what+", best of 3", best.Round(time.Millisecond).String(), used.String()+" of CPU", fmt.Sprintf("%.0f MiB RSS", memory))
	return nil
}

// rest waits until a server that has nothing to do has given back what a burst of work took.
func rest(ctx context.Context) error {
	select {
	case <-time.After(3 * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold checks that nothing is missing after a restart. What was deleted before it comes back, because its location still
// declares it, and may take some seconds.
func (s *subject) hold(ctx context.Context) error {
	err := s.until(ctx, time.Minute, 50*time.Millisecond, func() bool {
		return s.total(ctx, "&filter=metadata.annotations.example.com/pager") == s.plan.entities
	})
	if err != nil {
		return fmt.Errorf("%d entities after a restart, want %d", s.total(ctx, "&filter=metadata.annotations.example.com/pager"), s.plan.entities)
	}
	return nil
}

func (s *subject) measureIngest(ctx context.Context) error {
	glob, err := fixture.Write(filepath.Join(s.dir, "entities"), s.plan.entities)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(s.config)
	if err != nil {
		return err
	}
	text := strings.Replace(string(old), "locations: []", fmt.Sprintf("locations: [{type: file, target: %q}]", glob), 1)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		return err
	}
	began := time.Now()
	if _, err := s.start(ctx); err != nil {
		return err
	}
	if err := s.until(ctx, 20*time.Minute, 50*time.Millisecond, func() bool {
		return s.total(ctx, "&filter=metadata.annotations.example.com/pager") == s.plan.entities
	}); err != nil {
		return err
	}
	took := time.Since(began)
	row("ingest, cold, to final state", fmt.Sprintf("%.0f entities/s", float64(s.plan.entities)/took.Seconds()), took.Round(time.Millisecond).String(), s.cpu().String()+" of CPU")
	if err := rest(ctx); err != nil {
		return err
	}
	row("memory after ingest, at rest", fmt.Sprintf("%.0f MiB RSS", s.memory()), fmt.Sprintf("%.0f MiB peak", s.peak()))
	return nil
}

// requests are the loads, with the path that each stands for.
func (s *subject) requests() []struct {
	what string
	text []string
} {
	var names, pages []string
	for i := range 500 {
		n := (i*37)%(s.plan.entities/20)*20 + 5
		names = append(names, get(fmt.Sprintf("/api/catalog/entities/by-name/component/default/component-%06d", n)))
		pages = append(pages, get("/api/catalog/entities/by-query?limit=20&orderField=metadata.name,asc&filter=kind=component,spec.type="+[]string{"service", "website", "library", "job"}[i%4]))
	}
	var refs []string
	for i := range 100 {
		refs = append(refs, fmt.Sprintf("component:default/component-%06d", i*20+5))
	}
	body, _ := json.Marshal(map[string]any{"entityRefs": refs}) // strings always encode
	return []struct {
		what string
		text []string
	}{
		{"by-name", names},
		{"by-query: filter, sorted, page of 20", pages},
		{"by-query: kind, sorted, page of 20", []string{get("/api/catalog/entities/by-query?limit=20&orderField=metadata.name,asc&filter=kind=component")}},
		{"by-query: full text, sorted, page of 20", []string{get("/api/catalog/entities/by-query?limit=20&orderField=metadata.name,asc&filter=kind=component&fullTextFilterTerm=12&fullTextFilterFields=metadata.name,metadata.title")}},
		{"facets: kind and type", []string{get("/api/catalog/entity-facets?facet=kind&facet=spec.type")}},
		{"facets: tags of components", []string{get("/api/catalog/entity-facets?facet=metadata.tags&filter=kind=component")}},
		{"by-refs: 100", []string{post("/api/catalog/entities/by-refs", string(body))}},
		{"entities: 500", []string{get("/api/catalog/entities?limit=500")}},
	}
}

func (s *subject) measureRequests(ctx context.Context) error {
	bare, stop, err := startBare(ctx)
	if err != nil {
		return err
	}
	defer stop()
	fmt.Printf("\n| %-44s | req/s | p50 | p99 | bytes | bare handler, req/s | ratio |\n|---|---|---|---|---|---|---|\n", "request")
	for _, r := range s.requests() {
		if _, err := hammer(ctx, s.addr, s.plan.connections, time.Second, r.text); err != nil { // warm up
			return fmt.Errorf("%s: %w", r.what, err)
		}
		got, err := hammer(ctx, s.addr, s.plan.connections, s.plan.each, r.text)
		if err != nil {
			return fmt.Errorf("%s: %w", r.what, err)
		}
		limit, err := hammer(ctx, bare, s.plan.connections, s.plan.each/2, []string{get("/" + strconv.Itoa(got.bytes))})
		if err != nil {
			return err
		}
		row(r.what, fmt.Sprintf("%.0f", got.perSecond()), got.p50.Round(10*time.Microsecond).String(), got.p99.Round(10*time.Microsecond).String(),
			strconv.Itoa(got.bytes), fmt.Sprintf("%.0f", limit.perSecond()), fmt.Sprintf("%.0f %%", 100*got.perSecond()/limit.perSecond()))
	}
	fmt.Println()
	row("memory after the load", fmt.Sprintf("%.0f MiB RSS", s.memory()), fmt.Sprintf("%.0f MiB peak", s.peak()))
	return nil
}

// measureIdle counts the CPU of a server that nobody asks anything, over ten seconds.
func (s *subject) measureIdle(ctx context.Context) error {
	const span = 10 * time.Second
	before := s.cpu()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(span):
	}
	row("idle", fmt.Sprintf("%.2f %% of a core", 100*float64(s.cpu()-before)/float64(span)))
	return nil
}

func startBare(ctx context.Context) (addr string, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	addr = "127.0.0.1:" + port
	cmd := exec.CommandContext(ctx, os.Args[0], "bare", addr) //nolint:gosec // this program
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() } // on the way out
	for range 1000 {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr); err == nil {
			return addr, stop, conn.Close()
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // waiting for another process to listen
	}
	stop()
	return "", nil, errors.New("the bare handler did not start")
}

// memory is the resident set in MiB, peak the largest it was.
func (s *subject) memory() float64 { return s.procStatus("VmRSS") }
func (s *subject) peak() float64   { return s.procStatus("VmHWM") }

// forgetPeak has peak begin anew.
func (s *subject) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.process.Process.Pid), []byte("5"), 0)
}

func (s *subject) procStatus(key string) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64) // the kernel writes numbers
			return kib / 1024
		}
	}
	return 0
}

// cpu is the CPU time that the process has used.
func (s *subject) cpu() time.Duration { return cpuOf(s.process.Process.Pid) }

// cpuOf is the CPU time that a process has used.
func cpuOf(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])   // the kernel writes numbers
	system, _ := strconv.Atoi(fields[12]) // the kernel writes numbers
	return time.Duration(user+system) * 10 * time.Millisecond
}

// databaseSection makes a database to measure on and returns its backend.database section.
func databaseSection(ctx context.Context, name string) (section string, drop func(), err error) {
	none := func() {}
	dsn := os.Getenv("UNDERSTUDY_TEST_POSTGRES")
	if name == "sqlite" || dsn == "" {
		return "", none, nil
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", none, err
	}
	database := fmt.Sprintf("bench_%d", os.Getpid())
	if _, err := conn.Exec(ctx, "create database "+database); err != nil {
		return "", none, errors.Join(err, conn.Close(ctx))
	}
	c := conn.Config()
	drop = func() {
		_, err := conn.Exec(context.WithoutCancel(ctx), "drop database "+database+" with (force)")
		if err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))); err != nil {
			fmt.Fprintln(os.Stderr, "bench: drop the database:", err)
		}
	}
	return fmt.Sprintf("database: {client: pg, pluginDivisionMode: schema, connection: {host: %q, port: %d, user: %q, password: %q, database: %q}}",
		c.Host, c.Port, c.User, c.Password, database), drop, nil
}
