package rely_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/mapping"
	"github.com/understudy-portal/understudy/export/rely"
	"github.com/understudy-portal/understudy/host/config"
	simulator "github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func destination(t testing.TB, target string, change func(*rely.Options)) *rely.Destination {
	t.Helper()
	m, err := mapping.Compile(mapping.Options{AppBaseURL: "https://portal.acme.dev"})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	o := rely.Options{
		Target: target, Mapping: m, Headers: map[string]config.Secret{"authorization": config.NewSecret("Bearer " + simulator.Token)}, Transport: transport,
	}
	if change != nil {
		change(&o)
	}
	d, err := rely.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func anEntity(t testing.TB, text string) entity.Entity {
	t.Helper()
	o, err := entity.ParseObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return entity.FromObject(o)
}

func document(t testing.TB, d *rely.Destination, text string) export.Document {
	t.Helper()
	doc, err := d.Map(t.Context(), anEntity(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func component(name string) string { return `{"kind":"Component","metadata":{"name":"` + name + `"}}` }

func prepared(t testing.TB, d *rely.Destination) export.Prepared {
	t.Helper()
	p, err := d.Prepare(t.Context(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// send submits documents and waits for the end of their task.
func send(t testing.TB, d *rely.Destination, elements ...[]byte) error {
	t.Helper()
	s, err := d.Submit(t.Context(), d.Payload(elements))
	for err == nil && s.Ticket != "" {
		var done bool
		if done, err = d.Poll(t.Context(), s.Ticket); done {
			return nil
		}
	}
	return err
}

func failure(t testing.TB, err error) *export.Failure {
	t.Helper()
	f, ok := errors.AsType[*export.Failure](err)
	if !ok {
		t.Fatalf("%v is no failure", err)
	}
	if strings.Contains(f.Error(), simulator.Token) {
		t.Errorf("the key is in %q", f.Error())
	}
	return f
}

// What each answer means (export.md 2.5).
func TestClassification(t *testing.T) {
	t.Parallel()
	const (
		jsonType = "application/json"
		htmlType = "text/html; charset=utf-8"
	)
	for name, c := range map[string]struct {
		status     int
		kind, body string
		header     map[string]string
		want       export.FailureKind
		text       string
		items      map[int]string
		after      time.Duration
	}{
		"400":        {status: 400, kind: jsonType, body: `{"detail":"Blueprint with id x not found"}`, want: export.Invalid, text: "Blueprint with id x not found"},
		"401":        {status: 401, kind: jsonType, body: `{"detail":"Not authenticated"}`, want: export.AuthFailed, text: "Not authenticated"},
		"401 page":   {status: 401, kind: htmlType, body: `<title>x</title>`, want: export.AuthFailed, text: "x"},
		"402":        {status: 402, kind: jsonType, body: `{"detail":"Payment Required"}`, want: export.NotEntitled, text: "Payment Required"},
		"403":        {status: 403, kind: jsonType, body: `{"detail":"Forbidden"}`, want: export.AuthFailed, text: "Forbidden"},
		"403 plan":   {status: 403, kind: jsonType, body: `{"detail":"Your plan does not include the API"}`, want: export.NotEntitled, text: "Your plan does not include the API"},
		"403 planet": {status: 403, kind: jsonType, body: `{"detail":"wrong planet"}`, want: export.AuthFailed, text: "wrong planet"},
		"403 page":   {status: 403, kind: htmlType, body: `<html><title>Blocked</title>`, want: export.Misconfigured, text: `"Blocked"`},
		"404":        {status: 404, kind: jsonType, body: `{"detail":"Not Found"}`, want: export.Misconfigured, text: "Not Found"},
		"408":        {status: 408, want: export.Transient, text: "request timeout"},
		"409":        {status: 409, kind: jsonType, body: `{"detail":"exists"}`, want: export.Invalid, text: "exists"},
		"413":        {status: 413, kind: jsonType, body: `{"detail":"Request Entity Too Large"}`, want: export.TooLarge, text: "Request Entity Too Large"},
		"422 with loc": {
			status: 422, kind: jsonType, want: export.Invalid, text: "id: String should match",
			body:  `{"detail":[{"loc":["body","data","payload",17,"id"],"msg":"String should match pattern","type":"x"},{"loc":["body","data","payload",17,"title"],"msg":"missing"},{"loc":["body",3],"msg":"bad"}]}`,
			items: map[int]string{17: "id: String should match pattern; title: missing", 3: "bad"},
		},
		"422 without":    {status: 422, kind: jsonType, body: `{"detail":[{"loc":["body","data","payload"],"msg":"List should have at most 100 items","type":"too_long"}]}`, want: export.Invalid, text: "body.data.payload: List should have"},
		"425":            {status: 425, want: export.Transient, text: "too early"},
		"429":            {status: 429, kind: jsonType, body: `{"detail":"slow"}`, header: map[string]string{"Retry-After": "7"}, want: export.RateLimited, text: "slow", after: 7 * time.Second},
		"429 date":       {status: 429, header: map[string]string{"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT", "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}, want: export.RateLimited, after: time.Minute},
		"429 past":       {status: 429, header: map[string]string{"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT", "Date": "Thu, 01 Jan 2026 00:01:00 GMT"}, want: export.RateLimited},
		"429 odd":        {status: 429, header: map[string]string{"Retry-After": "soon"}, want: export.RateLimited},
		"429 forever":    {status: 429, header: map[string]string{"Retry-After": "1e300"}, want: export.RateLimited, after: 24 * time.Hour},
		"500":            {status: 500, body: "Internal Server Error", want: export.Transient, text: "Internal Server Error"},
		"502 page":       {status: 502, kind: htmlType, body: "<html><head><title>502 Bad Gateway</title></head></html>", want: export.Transient, text: "502 Bad Gateway"},
		"503":            {status: 503, header: map[string]string{"Retry-After": "2"}, want: export.Transient, after: 2 * time.Second},
		"200 page":       {status: 200, kind: htmlType, body: "<!doctype html><title>Sign in &amp; go</title>", want: export.Misconfigured, text: `"Sign in & go"`},
		"200 page, lies": {status: 200, kind: jsonType, body: " <html>", want: export.Misconfigured, text: "no title"},
		"302":            {status: 302, header: map[string]string{"Location": "https://sso.acme.dev/login?next=secret"}, want: export.Misconfigured, text: "redirects to https://sso.acme.dev/login, which"},
		"echo":           {status: 500, body: "you sent Bearer " + simulator.Token, want: export.Transient, text: "you sent ***"},
		"long":           {status: 500, body: strings.Repeat("x", 10_000), want: export.Transient, text: "xxx…"},
		"no task":        {status: 200, kind: jsonType, body: `{"status":"created"}`, want: export.Misconfigured, text: "has no task id"},
		"no json":        {status: 200, kind: jsonType, body: `{"id":`, want: export.Transient, text: "no JSON"},
		"failed at once": {status: 201, kind: jsonType, body: `{"id":"1","status":"FAILED","error":{"type":"E","message":"Entity component.default.b: no"}}`, want: export.Invalid, text: "component.default.b", items: map[int]string{1: "Entity component.default.b: no"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.kind != "" {
					w.Header().Set("Content-Type", c.kind)
				}
				for key, value := range c.header {
					w.Header().Set(key, value)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			t.Cleanup(server.Close)
			d := destination(t, server.URL, nil)
			_, err := d.Submit(t.Context(), d.Payload([][]byte{document(t, d, component("a")).Body, document(t, d, component("b")).Body}))
			f := failure(t, err)
			if f.Kind != c.want || !strings.Contains(f.Message, c.text) || !reflect.DeepEqual(f.Items, c.items) || f.RetryAfter != c.after {
				t.Errorf("got kind %d, %q, items %v, after %s", f.Kind, f.Message, f.Items, f.RetryAfter)
			}
			if len(f.Message) > 1200 || strings.Contains(f.Message, "secret") {
				t.Errorf("message %q", f.Message)
			}
			if waits := d.WaitingUntil().After(time.Now()); waits != (c.after > 0 || c.want == export.RateLimited) {
				t.Errorf("waits: %t", waits)
			}
		})
	}
}

// A page of somebody who signs people in is there from the first request on. One that comes later may go away.
func TestPageOfMaintenance(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, simulator.Options{Limits: &simulator.Limits{}, Timers: &simulator.Timers{}})
	d := destination(t, sim.URL, func(o *rely.Options) { o.Mode = rely.Bulk })
	prepared(t, d)
	sim.Faults(`[{match: {path: /api/v1/entities/bulk, nth: 1}, action: {status: 200, html: true}}]`)
	payload := d.Payload([][]byte{document(t, d, component("a")).Body})
	_, err := d.Submit(t.Context(), payload)
	if f := failure(t, err); f.Kind != export.Transient || f.Status != http.StatusOK || !strings.Contains(f.Message, "web page") {
		t.Errorf("%d %v", f.Kind, f)
	}
	if _, err := d.Submit(t.Context(), payload); err != nil {
		t.Error(err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	d := destination(t, closed.URL, nil)
	if f := failure(t, second(d.Submit(t.Context(), d.Payload(nil)))); f.Kind != export.Transient || !strings.Contains(f.Message, "refused") {
		t.Errorf("got %+v", f)
	}
	https := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(https.Close)
	https.Config.ErrorLog = nil
	d = destination(t, https.URL, nil)
	if f := failure(t, second(d.Submit(t.Context(), d.Payload(nil)))); f.Kind != export.Misconfigured || !strings.Contains(f.Message, "SSL_CERT_FILE") {
		t.Errorf("got %+v", f)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Submit(ctx, d.Payload(nil)); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that has ended: %v", err)
	}
	for _, target := range []string{"", "magneto.rely.io", "ftp://x", "https://u:p@x", "https://x?a=b"} {
		if _, err := rely.New(rely.Options{Target: target, Mapping: new(mapping.Mapping)}); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%q: %v", target, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The whole way by tasks, with all that is sent on the way.
func TestTasks(t *testing.T) {
	t.Parallel()
	for _, casing := range []string{"snake", "camel", "upper"} {
		sim := relytest.Start(t, simulator.Options{Timers: &simulator.Timers{}, Switches: simulator.Switches{Casing: casing}})
		d := destination(t, sim.URL, func(o *rely.Options) {
			o.Gzip = true
			o.Kinds = func(context.Context) ([]string, error) { return []string{"Widget"}, nil }
		})
		p := prepared(t, d)
		if p.Mode != rely.Tasks || len(p.Warnings) != 0 || d.Fingerprint() == "" || d.Target() != sim.URL {
			t.Errorf("prepared %+v", p)
		}
		docs := []export.Document{document(t, d, component("a")), document(t, d, `{"kind":"Widget","metadata":{"name":"w"},"spec":{"a":1}}`)}
		if err := send(t, d, docs[0].Body, docs[1].Body); err != nil {
			t.Fatalf("%s: %v", casing, err)
		}
		if got := sim.IDs(); !slices.Equal(got, []string{"component.default.a", "widget.default.w"}) {
			t.Errorf("%s: %v", casing, got)
		}
		if stats := sim.Stats(); stats.Violations != 0 {
			t.Errorf("%s: %+v", casing, stats)
		}
		if _, err := d.Poll(t.Context(), "unknown"); failure(t, err).Kind != export.Gone {
			t.Errorf("an unknown task: %v", err)
		}
	}
}

func TestBulkAndRaw(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, simulator.Options{Switches: simulator.Switches{Tasks: "off"}})
	d := destination(t, sim.URL, nil)
	if p := prepared(t, d); p.Mode != rely.Bulk {
		t.Errorf("prepared %+v", p)
	}
	s, err := d.Submit(t.Context(), d.Payload([][]byte{document(t, d, component("a")).Body}))
	if err != nil || s.Ticket != "" || s.WireBytes == 0 {
		t.Errorf("%+v, %v", s, err)
	}
	bad := []byte(`{"blueprintId":"service","id":"component.default.b","properties":{},"relations":{"nowhere":{"value":"x"}},"title":"b"}`)
	if f := failure(t, second(d.Submit(t.Context(), d.Payload([][]byte{document(t, d, component("a")).Body, bad})))); f.Kind != export.Invalid || f.Items[1] == "" {
		t.Errorf("got %+v", f)
	}

	raw := destination(t, sim.URL, func(o *rely.Options) { o.Mode = rely.Raw })
	if p := prepared(t, raw); p.Mode != rely.Raw {
		t.Errorf("prepared %+v", p)
	}
	doc := document(t, raw, component("a"))
	if string(doc.Body) != component("a") || doc.ID != "component.default.a" {
		t.Errorf("raw %s", doc.Body)
	}
	if err := send(t, raw, doc.Body); err != nil {
		t.Error(err)
	}
}

// auto tells what it saw when there is nothing that it knows.
func TestNothingFits(t *testing.T) {
	t.Parallel()
	var writes int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			writes++
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"detail":"Not Found"}`))
	}))
	t.Cleanup(server.Close)
	_, err := destination(t, server.URL, nil).Prepare(t.Context(), "", false)
	f := failure(t, err)
	if f.Kind != export.Misconfigured || strings.Count(f.Message, "404 Not Found") != 2 || writes != 0 {
		t.Errorf("got %+v, %d writes", f, writes)
	}
}

// The two passes, and nothing at the second time.
func TestBlueprints(t *testing.T) {
	t.Parallel()
	for _, repeat := range []string{"400", "409"} {
		sim := relytest.Start(t, simulator.Options{Switches: simulator.Switches{RelationRepeat: repeat}})
		dry := destination(t, sim.URL, nil)
		if _, err := dry.Prepare(t.Context(), "", true); err != nil {
			t.Fatal(err)
		}
		for _, r := range sim.Requests() {
			if r.Method != http.MethodGet {
				t.Errorf("a dry run made a %s %s", r.Method, r.Path)
			}
		}
		d := destination(t, sim.URL, nil)
		first := prepared(t, d)
		before := len(sim.Requests())
		if second := prepared(t, d); second.Known != first.Known || len(second.Warnings) != 0 {
			t.Errorf("known %s\nthen  %s", first.Known, second.Known)
		}
		for _, r := range sim.Requests()[before:] {
			if r.Method != http.MethodGet {
				t.Errorf("the second time made a %s %s", r.Method, r.Path)
			}
		}
	}
}

// Blueprints of our own follow a mapping that wants more of them, whose relations stay.
func TestOwnBlueprintsFollowTheMapping(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, simulator.Options{Timers: &simulator.Timers{}})
	mirror := func(content string) *rely.Destination {
		m, err := mapping.Compile(mapping.Options{File: "m.yaml", Content: []byte("extends: mirror\n" + content)})
		if err != nil {
			t.Fatal(err)
		}
		return destination(t, sim.URL, func(o *rely.Options) { o.Mapping = m })
	}
	prepared(t, mirror(""))
	d := mirror("kinds: {component: {properties: {size: {value: '7', type: integer}}}}")
	if p := prepared(t, d); len(p.Warnings) != 0 {
		t.Errorf("warnings %q", p.Warnings)
	}
	doc := document(t, d, `{"kind":"Component","metadata":{"name":"a"},"relations":[{"type":"dependsOn","targetRef":"resource:default/r"}]}`)
	if !strings.Contains(string(doc.Body), `"size":7`) {
		t.Errorf("left out of %s", doc.Body)
	}
	if err := send(t, d, doc.Body); err != nil {
		t.Errorf("%v; %s", err, doc.Body)
	}
	if stats := sim.Stats(); stats.Entities.Dropped != 0 {
		t.Errorf("%d properties were dropped", stats.Entities.Dropped)
	}
	before := len(sim.Requests())
	prepared(t, d)
	for _, r := range sim.Requests()[before:] {
		if r.Method != http.MethodGet {
			t.Errorf("the second time made a %s %s", r.Method, r.Path)
		}
	}
}

// An account with its own default blueprints (export.md 2.3) is not overwritten: documents are made to fit.
func TestAnAccountOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{"kebab", "camel", "both"} {
		sim := relytest.Start(t, simulator.Options{Generation: generation, Timers: &simulator.Timers{}})
		for _, r := range sim.Requests() {
			t.Errorf("%s: %s", generation, r.Path)
		}
		d := destination(t, sim.URL, nil)
		p := prepared(t, d)
		if len(p.Warnings) == 0 || !strings.Contains(strings.Join(p.Warnings, "\n"), `"service"`) {
			t.Errorf("%s: warnings %q", generation, p.Warnings)
		}
		for _, r := range sim.Requests() {
			if r.Method == http.MethodPut && strings.Contains(string(r.Body), `"id":"service"`) {
				t.Errorf("%s: the user's blueprint was written: %s", generation, r.Body)
			}
		}
		full := `{"kind":"Component","metadata":{"name":"a","tags":["x"],"annotations":{"backstage.io/source-location":"url:https://git.acme.dev/a/"}},"spec":{"type":"service","lifecycle":"production"},
			"relations":[{"type":"ownedBy","targetRef":"group:default/g"},{"type":"dependsOn","targetRef":"resource:default/r"}]}`
		doc := document(t, d, full)
		if err := send(t, d, doc.Body); err != nil {
			t.Errorf("%s: %v; %s", generation, err, doc.Body)
		}
		if stats := sim.Stats(); stats.Entities.Dropped != 0 {
			t.Errorf("%s: %d properties were dropped of %s", generation, stats.Entities.Dropped, doc.Body)
		}
		again := destination(t, sim.URL, nil)
		again.Recall(p.Known)
		if got := document(t, again, full); string(got.Body) != string(doc.Body) {
			t.Errorf("%s: after a restart %s, before %s", generation, got.Body, doc.Body)
		}
	}
}

func TestElementClearsWhatIsGone(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, simulator.Options{Timers: &simulator.Timers{}})
	d := destination(t, sim.URL, nil)
	prepared(t, d)
	full := document(t, d, `{"kind":"Component","metadata":{"name":"a"},"spec":{"type":"service"},
		"relations":[{"type":"ownedBy","targetRef":"group:default/g"},{"type":"dependsOn","targetRef":"resource:default/r"}]}`)
	bare := document(t, d, component("a"))
	if err := send(t, d, full.Body); err != nil {
		t.Fatal(err)
	}
	if got := string(d.Element(bare, nil)); got != string(bare.Body) {
		t.Errorf("nothing is gone: %s", got)
	}
	gone := []string{"properties.type", "relations.dependsOnResources", "relations.ownerTeam", "relations.unheardOf"}
	element := d.Element(bare, gone)
	if text := string(element); !strings.Contains(text, `"type":null`) || !strings.Contains(text, `"dependsOnResources":{"value":[]}`) ||
		!strings.Contains(text, `"ownerTeam":null`) || strings.Contains(text, "unheardOf") {
		t.Errorf("got %s", text)
	}
	if err := send(t, d, element); err != nil {
		t.Fatal(err)
	}
	stored, _ := sim.Entity("component.default.a")
	for _, key := range []string{`"type"`, "dependsOnResources", "ownerTeam"} {
		if strings.Contains(string(stored), key) {
			t.Errorf("%s is still in %s", key, stored)
		}
	}
}

func TestShrink(t *testing.T) {
	t.Parallel()
	m, err := mapping.Compile(mapping.Options{IncludeDefinitions: true})
	if err != nil {
		t.Fatal(err)
	}
	d := destination(t, "http://127.0.0.1:9", func(o *rely.Options) { o.Mapping = m })
	doc := document(t, d, `{"kind":"API","metadata":{"name":"a"},"spec":{"definition":"long"}}`)
	small, ok := d.Shrink(doc)
	if !ok || strings.Contains(string(small.Body), "long") || slices.Contains(small.Keys, "properties.definition") || len(small.Warnings) != 1 || small.ID != doc.ID {
		t.Errorf("%t %s %q %q", ok, small.Body, small.Keys, small.Warnings)
	}
	if !slices.Contains(doc.Keys, "properties.definition") {
		t.Error("the document itself has changed")
	}
	if _, ok := d.Shrink(small); ok {
		t.Error("there is more to spare")
	}
}

func TestPayload(t *testing.T) {
	t.Parallel()
	d := destination(t, "http://127.0.0.1:9", nil)
	var body struct {
		Type string
		Data struct {
			Payload    []json.RawMessage
			Parameters map[string]any
		}
	}
	payload := d.Payload([][]byte{[]byte(`{"id":"a"}`), []byte(`{"id":"b"}`)})
	if err := json.Unmarshal(payload, &body); err != nil || len(body.Data.Payload) != 2 || body.Data.Parameters["patch"] != true {
		t.Errorf("%v: %s", err, payload)
	}
	if most := d.Overhead() + 2*len(`{"id":"a"}`) + 2; len(payload) > most || len(d.Payload(nil)) != d.Overhead() {
		t.Errorf("%d bytes, more than %d", len(payload), most)
	}
}

// A proxy entry's path rewriting, and its headers.
func TestRewrites(t *testing.T) {
	t.Parallel()
	for pattern, c := range map[string][2]string{
		"":                         {"", "/base/api/v1/tasks"},
		"^/api/proxy/rely/?":       {"/", "/base/api/v1/tasks"},
		"^/api/proxy/rely/api":     {"/gateway", "/base/gateway/v1/tasks"},
		"^/api/proxy/rely/(.*)/v1": {"/${1}/v2", "/base/api/v2/tasks"},
		"^/other":                  {"/", "/base/api/proxy/rely/api/v1/tasks"},
	} {
		var path string
		var header http.Header
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, header = r.URL.Path, r.Header
			_, _ = fmt.Fprint(w, `{"id":"1","status":"success"}`)
		}))
		d := destination(t, server.URL+"/base/", func(o *rely.Options) {
			o.Prefix = "/api/proxy/rely"
			o.Headers["X-Tenant"] = config.NewSecret("acme")
			if pattern != "" {
				o.Rewrites = []rely.Rewrite{{Pattern: regexp.MustCompile(pattern), Replacement: c[0]}}
			}
		})
		if _, err := d.Submit(t.Context(), d.Payload(nil)); err != nil {
			t.Error(err)
		}
		server.Close()
		if path != c[1] || header.Get("X-Tenant") != "acme" || header.Get("Authorization") != "Bearer "+simulator.Token || header.Get("Accept") != "application/json" {
			t.Errorf("%q: %s %v", pattern, path, header)
		}
	}
}
