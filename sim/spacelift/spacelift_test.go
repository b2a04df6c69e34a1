package spacelift_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/sim/spacelift/spacelifttest"
)

// client asks a simulator, over HTTP.
type client struct {
	t     testing.TB
	sim   *spacelifttest.Sim
	token string
}

type answer struct {
	Data   map[string]any
	Errors []struct {
		Message    string
		Extensions map[string]any
	}
}

func (a answer) message() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Message
}

// at walks the data by names and indexes.
func (a answer) at(path ...any) any { return dig(a.Data, path...) }

func dig(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func (c *client) post(body any, headers ...string) (*http.Response, []byte, error) {
	c.t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.sim.URL+"/graphql", bytes.NewReader(encoded))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	return response, raw, err
}

// ask asks and wants an answer of GraphQL.
func (c *client) ask(query string, variables map[string]any, headers ...string) answer {
	c.t.Helper()
	response, raw, err := c.post(map[string]any{"query": query, "variables": variables}, headers...)
	if err != nil {
		c.t.Fatal(err)
	}
	var parsed answer
	if err := json.Unmarshal(raw, &parsed); err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("status %d, body %s", response.StatusCode, raw)
	}
	return parsed
}

const exchange = `mutation Exchange($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { id jwt validUntil } }`

func start(t testing.TB, options spacelift.Options) *client {
	t.Helper()
	c := &client{t: t, sim: spacelifttest.Start(t, options)}
	c.login(spacelift.AdminKey)
	return c
}

func (c *client) login(key string) {
	c.t.Helper()
	got := c.ask(exchange, map[string]any{"id": key, "secret": spacelift.Secret})
	token, ok := got.at("apiKeyUser", "jwt").(string)
	if !ok {
		c.t.Fatalf("no token: %+v", got)
	}
	c.token = token
}

func TestOfficialPlugin(t *testing.T) {
	c := start(t, spacelift.Options{})
	got := c.ask("query GetStacks () { stacks { id name, description, labels, state, branch, spaceDetails { id name } } }", nil)
	if got.at("stacks", 0, "id") != spacelift.StackID || got.at("stacks", 0, "spaceDetails", "id") != "root" {
		t.Fatalf("got %+v", got)
	}
}
