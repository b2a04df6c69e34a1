package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// exportServer answers as the routes of export/openapi.yaml do: with the runs that it is given, one a look.
type exportServer struct {
	mu    sync.Mutex
	asked []string
	runs  []string // the last one stays
	looks int
	begin string
	// looked is called after each look at a run.
	looked func(n int)
}

func (s *exportServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
	body, looks := "", -1
	switch {
	case r.URL.Path == "/api/rely/migrate":
		body = `{"runId":"r1","destination":"rely","status":"running","href":"/x"}`
		if s.begin != "" {
			body = s.begin
		}
	case strings.HasSuffix(r.URL.Path, "/items"):
		body = `{"items":[{"entityRef":"component:default/a","status":"failed","code":"rejected","message":"no\u001b[31m good"}]}`
	case strings.HasSuffix(r.URL.Path, "/cancel"):
		body = `{"id":"r1","status":"running"}`
	case strings.HasPrefix(r.URL.Path, "/api/rely/runs/"):
		body = s.runs[min(s.looks, len(s.runs)-1)]
		s.looks++
		looks = s.looks
	default:
		w.WriteHeader(http.StatusNotFound)
		body = `{"error":{"name":"NotFoundError","message":"nothing here"}}`
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprint(w, body)
	if looks > 0 && s.looked != nil {
		s.looked(looks)
	}
}

const (
	runGoesOn = `{"id":"r1","destination":"rely","status":"running","phase":"write","counts":{"create":1200,"sent":300},"rate":120,"etaSeconds":7.5,"startedAt":"2026-11-02T08:00:00Z"}`
	runGood   = `{"id":"r1","destination":"rely","status":"succeeded","dryRun":false,"counts":{"create":1200,"sent":1200,"requests":40,"bytes":2048,"wireBytes":1024},"rate":200,"startedAt":"2026-11-02T08:00:00Z","endedAt":"2026-11-02T08:01:30Z"}`
)

// understudy runs the program against a server, with a token in the environment.
func understudy(ctx context.Context, t *testing.T, h http.Handler, args ...string) (code int, out, errs string) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	var stdout, stderr bytes.Buffer
	code = run(ctx, append(args, "--server", server.URL), streams{out: &stdout, err: &stderr, environ: []string{"UNDERSTUDY_TOKEN=secret-token", "HOME=" + t.TempDir()}})
	if strings.Contains(stdout.String()+stderr.String(), "secret-token") {
		t.Errorf("the token is told: %s%s", &stdout, &stderr)
	}
	return code, strings.ReplaceAll(stdout.String(), server.URL, "SERVER"), strings.ReplaceAll(stderr.String(), server.URL, "SERVER")
}

func TestExportRunFollows(t *testing.T) {
	t.Parallel()
	s := &exportServer{runs: []string{runGoesOn, runGood}}
	code, out, errs := understudy(t.Context(), t, s, "export", "run", "--full")
	if code != 0 || errs != "write: 300 of 1,200, 120/s, 7.5s left\n" {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if want := "run r1: succeeded in 1m30s\n  sent       1,200 (200/s)\n  unchanged  0\n  requests   40, 2.0 KiB (1.0 KiB on the wire)\n"; out != want {
		t.Errorf("output:\n%s\nwant:\n%s", out, want)
	}
	if s.asked[0] != "POST /api/rely/migrate?full=true Bearer secret-token" {
		t.Errorf("asked: %v", s.asked)
	}
}

func TestExportOutcomes(t *testing.T) {
	t.Parallel()
	ended := func(status, more string) *exportServer {
		return &exportServer{runs: []string{fmt.Sprintf(`{"id":"r1","destination":"rely","status":%q%s}`, status, more)}}
	}
	for _, c := range []struct {
		name   string
		server *exportServer
		args   []string
		code   int
		out    string // a part of standard output
		errs   string // a part of standard error
	}{
		{"partial", ended("partial", `,"counts":{"failed":3,"sent":1}`), []string{"run"}, 3, "  failed     3\n", ""},
		{"what failed", ended("partial", `,"counts":{"failed":3}`), []string{"run"}, 3, "  component:default/a: rejected no [31m good\n  … and 2 more\n", ""},
		{"failed", ended("failed", `,"error":"the destination is gone"`), []string{"run"}, 1, "run r1: failed", "understudy: the run failed: the destination is gone\n"},
		{"auth failed", ended("auth_failed", `,"error":"the key is revoked"`), []string{"run"}, 1, "run r1: auth failed", "(auth_failed): the key is revoked"},
		{"failed without a reason", ended("failed", ``), []string{"run"}, 1, "run r1: failed", "understudy: the run failed\n"},
		{"not entitled", ended("not_entitled", ``), []string{"run"}, 1, "", "(not_entitled)"},
		{"cancelled", ended("cancelled", ``), []string{"run"}, 1, "", "was cancelled"},
		{"JSON", ended("partial", `,"surprise":[1]`), []string{"run", "-o", "json"}, 3, "\"surprise\": [\n    1\n  ]", ""},
		{"warnings", ended("succeeded", `,"warnings":["mind\u0007 the gap"]`), []string{"run"}, 0, "  warning: mind the gap\n", ""},
		{"no waiting", ended("succeeded", ``), []string{"run", "--wait", "0"}, 0, "run r1 started; follow it with: understudy export run --server SERVER\n", ""},
		{
			"plan", ended("succeeded", `,"dryRun":true,"counts":{"create":2,"update":1,"unchanged":1000,"filtered":4,"bytes":1536,"chunks":1},"warnings":["w"]`),
			[]string{"plan"},
			0,
			"plan r1 for rely: nothing was written\n  create               2\n  update               1\n  unchanged            1,000\n  left out by filters  4\n  to send              1.5 KiB in 1 chunk\n  warning: w\n", "",
		},
		{"dry run", ended("succeeded", `,"dryRun":true`), []string{"run", "--dry-run"}, 0, "nothing was written", ""},
		{"digest", ended("succeeded", `,"dryRun":true,"digest":"abc"`), []string{"plan", "--digest"}, 0, "abc\n", ""},
		{"no digest", ended("succeeded", `,"dryRun":true`), []string{"plan", "--digest"}, 1, "", "gave no digest"},
		{"joined", &exportServer{begin: `{"runId":"r1","joined":true}`, runs: []string{runGood}}, []string{"run"}, 0, "succeeded", "run r1 is under way already; following it\n"},
		{"not the whole beside a run", &exportServer{begin: `{"runId":"r1","joined":true,"run":{"id":"r1","full":false}}`}, []string{"run", "--full"}, 1, "", "sends only what has changed; ask for --full again"},
		{"no plan beside a run", &exportServer{begin: `{"runId":"r1","joined":true}`, runs: []string{runGood}}, []string{"plan"}, 1, "", "a plan cannot be made beside it"},
		{"cancel", ended("running", ``), []string{"cancel", "r1"}, 0, "run r1: ends after what it is sending now\n", ""},
		{"bad wait", ended("running", ``), []string{"run", "--wait", "soon"}, 2, "", "--wait soon: write a time"},
		{"bad destination", ended("running", ``), []string{"run", "--destination", "../x"}, 2, "", "--destination ../x: write a destination's name"},
		{"no such destination", ended("running", ``), []string{"run", "--destination", "foo"}, 1, "", "SERVER has no destination 'foo' (404: nothing here); the one that understudy comes with is 'rely', which needs no --destination\n"},
		{"no export", ended("running", ``), []string{"status"}, 1, "", "SERVER has no export to rely (404: nothing here); add a section 'rely'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := understudy(t.Context(), t, c.server, append([]string{"export"}, c.args...)...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) {
				t.Errorf("exit code %d, want %d\n%s\nwant %q\n%s\nwant %q", code, c.code, out, c.out, errs, c.errs)
			}
		})
	}
}

func TestExportGoesOn(t *testing.T) {
	t.Parallel()
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &exportServer{runs: []string{runGoesOn}, looked: func(int) { cancel() }}
		code, _, errs := understudy(ctx, t, s, "export", "run")
		want := "understudy: interrupted; run r1 goes on. Follow it: understudy export run --server SERVER   End it: understudy export cancel --server SERVER r1\n"
		if code != exitGoesOn || !strings.HasSuffix(errs, want) {
			t.Errorf("exit code %d, %s", code, errs)
		}
		for _, asked := range s.asked {
			if strings.Contains(asked, "cancel") {
				t.Errorf("the run was cancelled: %s", asked)
			}
		}
	})
	t.Run("waited long enough", func(t *testing.T) {
		t.Parallel()
		code, _, errs := understudy(t.Context(), t, &exportServer{runs: []string{runGoesOn}}, "export", "run", "--wait", "1ms")
		if code != exitGoesOn || !strings.Contains(errs, "not ended within 1ms; run r1 goes on") {
			t.Errorf("exit code %d, %s", code, errs)
		}
	})
}

func TestExportStartedAndNotShown(t *testing.T) {
	t.Parallel()
	s := &exportServer{}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/runs/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		s.ServeHTTP(w, r)
	})
	for _, args := range [][]string{{"export", "run"}, {"export", "run", "--wait", "0", "-o", "json"}, {"export", "plan"}} {
		code, out, errs := understudy(t.Context(), t, h, args...)
		want := "understudy: run r1 has been started and goes on, but cannot be followed: SERVER refuses this to the token of $UNDERSTUDY_TOKEN (403). With a token that may: understudy export run --server SERVER\n"
		if code != exitGoesOn || out != "" || errs != want {
			t.Errorf("%v: exit code %d, %s%s", args, code, out, errs)
		}
	}
}

func TestProgressBeforeAnythingIsRead(t *testing.T) {
	t.Parallel()
	if got := progressLine(exportRun{Status: "running", Phase: "plan"}, 0, 0); got != "plan: reading the catalog" {
		t.Error(got)
	}
}

func TestNextLook(t *testing.T) {
	t.Parallel()
	for watched, want := range map[time.Duration]time.Duration{0: 500 * time.Millisecond, 2 * time.Second: time.Second, 29 * time.Second: time.Second, 30 * time.Second: 2 * time.Second, time.Hour: 2 * time.Second} {
		if got := nextLook(watched); got != want {
			t.Errorf("after %s: %s, want %s", watched, got, want)
		}
	}
}

func TestExportBearsRestarts(t *testing.T) {
	t.Parallel()
	looks := 0
	s := &exportServer{runs: []string{runGood}}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/runs/") {
			if looks++; looks == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
		s.ServeHTTP(w, r)
	})
	code, _, errs := understudy(t.Context(), t, h, "export", "run")
	if code != 0 || !strings.Contains(errs, "cannot answer now (503); look into its log; trying on") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

func TestExportRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, kind, body string
		status           int
		want             string
	}{
		{"no credentials", "application/json", `{"error":{"name":"AuthenticationError","message":"Illegal token"}}`, 401, "SERVER does not accept the token of $UNDERSTUDY_TOKEN (401: Illegal token); use one of backend.auth.externalAccess"},
		{"not allowed", "application/json", `{"error":{"message":"not yours"}}`, 403, "SERVER refuses this to the token of $UNDERSTUDY_TOKEN (403: not yours)"},
		{"a web page", "text/html; charset=utf-8", `<!doctype html>`, 200, "SERVER answered with a web page (HTTP 200), not with the API"},
		{"a proxy's page", "", "\n<html>", 502, "answered with a web page (HTTP 502)"},
		{"no JSON", "application/json", `pong`, 200, "the answer is not what the API gives"},
		{"endless", "application/json", strings.Repeat(" ", maxExportAnswer+1), 200, "is longer than"},
		{"conflict", "application/json", `{"error":{"message":"held by another"}}`, 409, "SERVER refuses (409: held by another)"},
		{"broken", "application/json", `{}`, 500, "SERVER cannot answer now (500: {}); look into its log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			})
			code, _, errs := understudy(t.Context(), t, h, "export", "run")
			if code != exitFailed || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
				t.Errorf("exit code %d, %s\nwant %s", code, errs, c.want)
			}
		})
	}
}

func TestExportFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the token went to %s", r.Host) }))
	defer elsewhere.Close()
	code, _, errs := understudy(t.Context(), t, http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect), "export", "run")
	if code != exitFailed || !strings.Contains(errs, "SERVER redirects to "+elsewhere.URL) {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

func TestFindToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, file, variable string
		token, err           string
	}{
		{"the file goes first", file("good", " abc\n", 0o600), "other", "abc", ""},
		{"read-only is fine", file("read only", "abc", 0o400), "", "abc", ""},
		{"the variable", "", " abc ", "abc", ""},
		{"for others to read", file("open", "abc", 0o644), "", "", "--token-file: " + dir + "/open can be read by others (mode 0644), and holds a token; run: chmod 600 " + dir + "/open"},
		{"a path with spaces", file("o pen", "abc", 0o640), "", "", "run: chmod 600 '" + dir + "/o pen'"},
		{"none such", filepath.Join(dir, "none"), "", "", "no such file"},
		{"a folder", dir, "", "", "is a folder; name the file in it"},
		{"standard input", "-", "other", "piped", ""},
		{"empty", file("empty", "\n", 0o600), "", "", "is empty"},
		{"two lines", file("lines", "a\nb", 0o600), "", "", "does not hold a token"},
		{"control characters", "", "a\x1bb", "", "$UNDERSTUDY_TOKEN does not hold a token"},
	} {
		got, err := findToken(c.file, streams{in: strings.NewReader(" piped\n"), environ: []string{"UNDERSTUDY_TOKEN=" + c.variable, "HOME=" + dir}}, nil)
		switch {
		case c.err == "" && (err != nil || got.value.Reveal() != c.token):
			t.Errorf("%s: %q, %v", c.name, got.value.Reveal(), err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %v, want %s", c.name, err, c.err)
		}
	}
	none, err := findToken("", streams{environ: []string{"HOME=" + dir}}, nil)
	if err != nil || !none.value.IsZero() || none.source != "" {
		t.Errorf("none: %+v, %v", none, err)
	}
}

func TestPrintStatus(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	at := now.Add(-90 * time.Second)
	var s exportStatus
	s.Destination, s.Target, s.Mode, s.Gzip, s.Runs = "rely", "https://magneto.rely.io", "tasks", true, 12
	s.Token.State, s.Token.CheckedAt, s.Token.Message = "refused", &at, "Not authenticated"
	s.Last = &exportRun{ID: "r0", Status: "auth_failed", EndedAt: &at, Error: "the key is revoked", Counts: exportCounts{Sent: 1234, Failed: 5}}
	s.Running = &exportRun{ID: "r1", Status: "running", Phase: "plan", StartedAt: at, Counts: exportCounts{Read: 65000}}
	s.Limits = &struct{ MaxEntities, MaxBytes, LearnedBytes, Concurrency, RatePerMinute int }{100, 786432, 58982, 2, 300}
	var out bytes.Buffer
	if err := printStatus(&out, s, now); err != nil {
		t.Fatal(err)
	}
	want := `destination  rely, https://magneto.rely.io
mode         tasks, gzip
token        refused, 1m30s ago: Not authenticated
next run     off
running      r1, since 1m30s ago, plan: 65,000 read
last run     r0, auth failed, 1m30s ago, 1,234 sent, 5 failed: the key is revoked
runs         12
limits       100 entities and 768.0 KiB a request, 2 at once, 300 requests a minute; learned: 57.6 KiB a request
`
	if out.String() != want {
		t.Errorf("%s\nwant:\n%s", &out, want)
	}
	s.Limits.RatePerMinute = 0
	tomorrow := time.Now().Add(24 * time.Hour)
	s.Running.WaitingUntil, s.Running.Note = &tomorrow, "try 3 of 8: connection refused; next in 4s"
	if err := printStatus(&out, s, now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"any number of requests a minute", "65,000 read; try 3 of 8: connection refused; next in 4s", "wait until " + tomorrow.Local().Format(time.DateTime)} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s\nlacks %s", &out, want)
		}
	}
}

func TestConfiguredServer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, server, err string }{
		{"backend: {baseUrl: 'http://localhost:7541/', listen: 'localhost:7541'}", "http://localhost:7541/", ""},
		{"backend: {baseUrl: 'https://portal.example.com/understudy'}", "https://portal.example.com/understudy", ""},
		{"app: {title: x}", "http://localhost:7007", ""},
		{"backend: {baseUrl: localhost:7541}", "", "app-config.yaml:1:20: backend.baseUrl: localhost:7541: write the server's address, such as http://localhost:7007, or name it by --server"},
		{"backend: {baseUrl: {}}", "", "or name it by --server"},
	} {
		cfg, err := config.Parse("app-config.yaml", []byte(c.text), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := configuredServer(cfg)
		switch {
		case c.err == "" && (err != nil || got.String() != c.server):
			t.Errorf("%s: %v, %v", c.text, got, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: %v, want %s", c.text, err, c.err)
		}
	}
}
