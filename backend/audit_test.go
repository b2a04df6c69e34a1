package backend_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/backend/standard"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

const (
	secretToken  = "audit-walk-token-0123456789"
	secretLegacy = "bGVnYWN5LXNlY3JldC0wMTIzNDU2Nzg5"
)

// bodies are what the routes that read one are sent.
var bodies = map[string]string{
	"catalog POST /entities/by-query":  `{"query":{"kind":"component"}}`,
	"catalog POST /entities/by-refs":   `{"entityRefs":["component:default/a"]}`,
	"catalog POST /entity-facets":      `{"facets":["kind"]}`,
	"catalog POST /locations/by-query": `{}`,
}

// silent are the routes other than GET that leave no audit event, with the reason.
var silent = map[string]string{
	"auth /{provider}":               "every method; only ever answers that there is no such provider",
	"auth /{provider}/{rest...}":     "every method; only ever answers that there is no such provider",
	"auth POST /guest/handler/frame": "only ever answers that the guest provider has no frame",

	"catalog POST " + applyConditions:      "the permission backend asks what a condition means; nothing changes",
	"rely POST " + applyConditions:         "as the catalog's",
	"spacelift-io POST " + applyConditions: "as the catalog's",
	"understudy POST " + applyConditions:   "as the catalog's",
}

const applyConditions = "/.well-known/backstage/permissions/apply-conditions"

// Every route that can change something leaves exactly one audit event, whoever wrote its plugin.
func TestEveryMutationLeavesOneAuditEvent(t *testing.T) {
	patterns := map[string][]string{}
	s := start(t, auditConfig(t), standard.Plugins(),
		backend.WithEnviron([]string{"LOG_LEVEL=debug"}),
		backend.WithRoutes(func(plugin string, routes []*router.Routes) {
			for _, r := range routes {
				patterns[plugin] = append(patterns[plugin], r.Patterns()...)
			}
		}))
	walked := 0
	for plugin, list := range patterns {
		for _, pattern := range list {
			method, path, found := strings.Cut(pattern, " ")
			if !found {
				method, path = http.MethodPost, pattern
			}
			key := plugin + " " + pattern
			if method == http.MethodGet || silent[key] != "" {
				continue
			}
			walked++
			id := fmt.Sprintf("walk-%03d", walked)
			status := s.sendAs(t, id, method, "/api/"+plugin+filled(path), bodies[key])
			if n := s.auditEvents(t, id); n != 1 {
				t.Errorf("%s (answered %d): %d audit events, want 1", key, status, n)
			}
		}
	}
	if walked < 6 {
		t.Errorf("only %d routes were walked; the walk does not see them", walked)
	}
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// filled puts something into a pattern's parameters.
func filled(path string) string { return parameter.ReplaceAllString(path, "x") }

// sendAs sends a request under an id, by which its log lines are found.
func (s *subject) sendAs(t *testing.T, id, method, path, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secretToken)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-Id", id)
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}

// auditEvents counts the finished audit events of one request. The request's own log line is written last, so that its
// presence tells that all are there.
func (s *subject) auditEvents(t *testing.T, id string) int {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		events, whole := 0, false
		for line := range strings.Lines(s.log.String()) {
			var entry struct {
				RequestID    string
				IsAuditEvent bool
				Status       any
				Type         string
			}
			if json.Unmarshal([]byte(line), &entry) != nil || entry.RequestID != id {
				continue
			}
			whole = whole || entry.Type == "incomingRequest"
			if entry.IsAuditEvent && (entry.Status == "succeeded" || entry.Status == "failed") {
				events++
			}
		}
		if whole {
			return events
		}
		if time.Now().After(deadline) {
			t.Fatalf("no log line of the request %s", id)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func auditConfig(t *testing.T) string {
	t.Helper()
	account := spacelifttest.Start(t, spacelift.Options{})
	exported := relytest.Start(t, rely.Options{})
	dir := t.TempDir()
	file := filepath.Join(dir, "catalog-info.yaml")
	text := "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec: {type: service, lifecycle: production, owner: team}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`
app: {title: Audit}
backend:
  baseUrl: http://localhost:7007
  listen: {host: 127.0.0.1, port: 0}
  auth:
    externalAccess:
      - {type: static, options: {token: %s, subject: walker}}
      - {type: legacy, options: {secret: %s, subject: old}}
auth: {providers: {guest: {dangerouslyAllowOutsideDevelopment: true}}}
catalog: {locations: [{type: file, target: %q}]}
understudy: {dataDir: %q, metrics: {listen: '127.0.0.1:0'}}
spacelift: {hostUrl: acme, apiUrl: %q, apiKey: %q, apiSecret: %q}
proxy: {endpoints: {/rely: {target: %q, headers: {Authorization: Bearer %s}}}}
rely: {}
`, secretToken, secretLegacy, file, filepath.Join(dir, "data"), account.URL, spacelift.AdminKey, spacelift.Secret, exported.URL, rely.Token)
}

// No configured secret is in a log line, an answer, a metric or the printed configuration.
func TestNoSecretLeavesTheServer(t *testing.T) {
	patterns := map[string][]string{}
	s := start(t, auditConfig(t), standard.Plugins(),
		backend.WithDemo(), // the demo shows the configuration to anyone
		backend.WithEnviron([]string{"LOG_LEVEL=debug"}),
		backend.WithRoutes(func(plugin string, routes []*router.Routes) {
			for _, r := range routes {
				patterns[plugin] = append(patterns[plugin], r.Patterns()...)
			}
		}))
	seen := map[string]string{}
	for plugin, list := range patterns {
		for _, pattern := range list {
			method, path, found := strings.Cut(pattern, " ")
			if !found {
				method, path = http.MethodGet, pattern
			}
			if strings.HasSuffix(path, "/events") {
				continue // a stream without an end
			}
			for _, token := range []string{secretToken, "wrong-" + secretToken, ""} {
				// A secret where it does not belong: in the query, and so in the request's log line.
				_, body := s.send(t, method, "/api/"+plugin+filled(path)+"?token="+secretLegacy, token, bodies[plugin+" "+pattern])
				seen["the answer of "+plugin+" "+pattern] += strings.ReplaceAll(body, "?token="+secretLegacy, "")
			}
		}
	}
	_, seen["the metrics"] = s.send(t, http.MethodGet, s.metrics, "", "")
	_, seen["the configuration"] = s.send(t, http.MethodGet, "/api/understudy/v1/config", secretToken, "")
	if !strings.Contains(seen["the configuration"], "externalAccess") {
		t.Errorf("the configuration was not shown: %s", seen["the configuration"])
	}
	seen["the log"] = s.log.String()
	for where, text := range seen {
		for _, secret := range []string{secretToken, secretLegacy, spacelift.Secret, rely.Token} {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds a secret: %.300s", where, text[max(0, strings.Index(text, secret)-100):])
			}
		}
	}
}
