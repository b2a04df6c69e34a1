package rely_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// client asks a simulator with a token.
type client struct {
	t     testing.TB
	base  string
	token string
}

func (c client) do(method, path string, body any, header ...string) (int, string, http.Header) {
	c.t.Helper()
	status, text, got, err := c.try(method, path, body, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return status, text, got
}

func (c client) try(method, path string, body any, header ...string) (int, string, http.Header, error) {
	c.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	case []byte:
		reader = bytes.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), res.Header, err
}

// want asks, and compares status and a part of the answer.
func (c client) want(status int, part, method, path string, body any, header ...string) string {
	c.t.Helper()
	got, text, _ := c.do(method, path, body, header...)
	if got != status || !strings.Contains(text, part) {
		c.t.Fatalf("%s %s: %d %s; want %d with %s", method, path, got, text, status, part)
	}
	return text
}

// start starts a simulator with the default blueprints, without limits, and with tasks that end at once.
func start(t testing.TB, change ...func(*rely.Options)) (*relytest.Sim, client) {
	t.Helper()
	options := rely.Options{Limits: &rely.Limits{}, Timers: &rely.Timers{}, Generation: "kebab"}
	for _, f := range change {
		f(&options)
	}
	sim := relytest.Start(t, options)
	return sim, client{t, sim.URL, rely.Token}
}

// task is a bulk upsert of these entities, with patch.
func task(entities ...string) string {
	return fmt.Sprintf(`{"type":"entities_bulk_upsert","data":{"payload":[%s],"parameters":{"unmapped_properties":"ignore","patch":true,"update_properties_and_relations_only":false}}}`,
		strings.Join(entities, ","))
}

// service is a small entity.
func service(id string, more ...string) string {
	return fmt.Sprintf(`{"id":%q,"blueprintId":"service","title":"T"%s}`, id, strings.Join(append([]string{""}, more...), ","))
}

// taskOf reads a task's id.
func taskOf(t testing.TB, body string) string {
	t.Helper()
	var task struct{ ID string }
	if err := json.Unmarshal([]byte(body), &task); err != nil || task.ID == "" {
		t.Fatalf("no task: %s", body)
	}
	return task.ID
}

func TestTaskWritesEntities(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	body := c.want(201, `"status":"created","error":null`, "POST", "/api/v1/tasks",
		task(service("a", `"properties":{"tier":"1","unknown":1,"language":null}`, `"relations":{"team":{"value":"t"},"resources":{"value":[]}}`)))
	c.want(200, `"status":"success"`, "GET", "/api/v1/tasks/"+taskOf(t, body), nil)
	c.want(200, `"properties":{"tier":"1"},"relations":{"team":{"value":"t"}}`, "GET", "/api/v1/entities/a", nil)
	if s := sim.Stats(); s.Entities.Created != 1 || s.Entities.Dropped != 1 || s.Violations != 0 {
		t.Errorf("stats: %+v", s)
	}
}
