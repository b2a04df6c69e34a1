package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-portal/understudy/host/config"
)

// account is Spacelift for tests about time, which run in a bubble where no network is: it answers what it is told to, and
// remembers who asked what and when. Tests about Spacelift itself use the simulator.
type account struct {
	// answers overrides the answer to an operation. The second argument counts its requests from 1.
	answers map[string]func(r seen, n int) reply
	// life is how long tokens live.
	life time.Duration

	mu      sync.Mutex // guards what follows
	seen    []seen
	issued  int
	expired map[string]bool
	busy    int
	busiest int
}

// seen is a request as it came.
type seen struct {
	operation, token, query string
	variables               map[string]any
	header                  http.Header
	at                      time.Time
	ctx                     context.Context
}

// reply is an answer: a status (200 if zero), a header and a body; or an error of the connection.
type reply struct {
	status     int
	body       string
	retryAfter string
	took       time.Duration
	err        error
}

func data(field, value string) reply { return reply{body: `{"data":{"` + field + `":` + value + `}}`} }

func refuse(message string) reply {
	return reply{body: fmt.Sprintf(`{"data":null,"errors":[{"message":%q}]}`, message)}
}

const keySecret = "k3y-s3cret-0f-the-account"

func (a *account) RoundTrip(req *http.Request) (*http.Response, error) {
	var body struct {
		OperationName string
		Query         string
		Variables     map[string]any
	}
	raw, _ := io.ReadAll(req.Body)
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, err
	}
	r := seen{
		operation: body.OperationName, query: body.Query, variables: body.Variables, header: req.Header,
		token: req.Header.Get("Authorization"), at: time.Now(), ctx: req.Context(),
	}
	a.mu.Lock()
	a.seen = append(a.seen, r)
	a.busy++
	a.busiest = max(a.busiest, a.busy)
	n := a.countLocked(r.operation)
	a.mu.Unlock()
	rep := a.answer(r, n)
	err := pause(req.Context(), rep.took)
	a.mu.Lock()
	a.busy--
	a.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if rep.err != nil {
		return nil, rep.err
	}
	response := &http.Response{
		StatusCode: max(rep.status, 200), Body: io.NopCloser(bytes.NewReader([]byte(rep.body))), Header: http.Header{}, Request: req,
	}
	if rep.retryAfter != "" {
		response.Header.Set("Retry-After", rep.retryAfter)
	}
	response.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	return response, nil
}

func (a *account) answer(r seen, n int) reply {
	if f := a.answers[r.operation]; f != nil {
		return f(r, n)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r.operation {
	case "Exchange":
		a.issued++
		token := jwt(fmt.Sprintf(`{"n":%d}`, a.issued))
		life := a.life
		if life == 0 {
			life = time.Hour
		}
		return data("apiKeyUser", fmt.Sprintf(`{"id":"k","jwt":%q,"validUntil":%d}`, token, time.Now().Add(life).Unix()))
	case "Viewer":
		if a.expired[r.token] {
			return data("viewer", "null")
		}
		return data("viewer", `{"id":"k","name":"Key"}`)
	case "StackDetail":
		if a.expired[r.token] {
			return refuse("unauthorized")
		}
		return data("stack", `{"id":"a","name":"A","state":"FINISHED"}`)
	case "Trigger":
		if a.expired[r.token] {
			return refuse("unauthorized")
		}
		return data("runTrigger", `{"id":"r","state":"QUEUED","type":"TRACKED","createdAt":1700000000,"triggeredBy":"api::k"}`)
	case "StacksPage":
		if a.expired[r.token] {
			return data("searchStacks", `{"edges":[],"pageInfo":{"hasNextPage":false}}`)
		}
		return data("searchStacks", `{"edges":[{"node":{"id":"a"}}],"pageInfo":{"hasNextPage":false}}`)
	}
	return refuse("no such operation: " + r.operation)
}

// expire makes all tokens so far nobody's.
func (a *account) expire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.expired == nil {
		a.expired = map[string]bool{}
	}
	for _, r := range a.seen {
		a.expired[r.token] = true
	}
}

func (a *account) countLocked(operation string) int {
	n := 0
	for _, r := range a.seen {
		if r.operation == operation {
			n++
		}
	}
	return n
}

// count is how many requests there were for the operation.
func (a *account) count(operation string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.countLocked(operation)
}

// total is how many requests there were.
func (a *account) total() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen)
}

// last is the last request for the operation.
func (a *account) last(operation string) seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range slices.Backward(a.seen) {
		if r.operation == operation {
			return r
		}
	}
	return seen{}
}

// client returns a client of the account, and what it logs. Its pacing does not bind unless edit says so.
func (a *account) client(t *testing.T, edit func(*Options)) (*Client, *logged) {
	t.Helper()
	log := &logged{}
	o := Options{
		Host: "acme.app.spacelift.test", KeyID: "01KEY", HTTP: &http.Client{Transport: a},
		Secret:            func(context.Context) (config.Secret, error) { return config.NewSecret(keySecret), nil },
		Log:               slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Metrics:           prometheus.NewRegistry(),
		RequestsPerSecond: 1e6, Burst: 1e6, InFlight: 1000, BreakerFailures: 1000,
	}
	if edit != nil {
		edit(&o)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, log
}

// logged is a log in memory.
type logged struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
