package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Answer is what a server answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body.
func (a Answer) JSON(into any) error {
	if err := json.Unmarshal(a.Body, into); err != nil {
		return fmt.Errorf("%d %w: %.300s", a.Status, err, a.Body)
	}
	return nil
}

// Message is the name and the text of an error body (core.md 3.1); the whole body where it is none.
func (a Answer) Message() string {
	var body struct {
		Error struct{ Name, Message string }
	}
	if json.Unmarshal(a.Body, &body) != nil || body.Error.Name == "" {
		return string(a.Body)
	}
	return body.Error.Name + ": " + body.Error.Message
}

// String is for a test's complaint.
func (a Answer) String() string { return fmt.Sprintf("%d %.400s", a.Status, a.Body) }

// Ask sends one request with a bearer token, or with none if it is empty. A body that is not nil is sent as JSON. Headers are
// name and value in turn.
func Ask(ctx context.Context, method, url, token string, body any, headers ...string) (Answer, error) {
	const most = 256 << 20 // a large catalog in one answer
	var reader io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client().Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, most))
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: text}, err
}

// Want is Ask, and an error where the answer has another status or is not the JSON of into, if that is not nil.
func Want(ctx context.Context, status int, into any, method, url, token string, body any, headers ...string) error {
	answer, err := Ask(ctx, method, url, token, body, headers...)
	if err == nil && answer.Status != status {
		err = fmt.Errorf("answered %s", answer)
	}
	if err == nil && into != nil {
		err = answer.JSON(into)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	return nil
}

// client shares its connections with all others of the program.
func client() *http.Client { return &http.Client{Timeout: 30 * time.Second} }

// SignIn returns a token of a user, who owns what the groups do. It is Node that issues it.
func (s *Stage) SignIn(ctx context.Context, user string, groups ...string) (string, error) {
	answer, err := Ask(ctx, http.MethodGet, s.Node.URL+"/api/auth/joined/refresh", "", nil,
		"X-Joined-User", user, "X-Joined-Groups", strings.Join(groups, ","))
	if err != nil {
		return "", err
	}
	var body struct {
		BackstageIdentity struct{ Token string }
	}
	if err := answer.JSON(&body); err != nil || body.BackstageIdentity.Token == "" {
		return "", fmt.Errorf("sign in as %s: %s", user, answer)
	}
	return body.BackstageIdentity.Token, nil
}

// Filled waits until Node's catalog has all entities that were generated for it.
func (s *Stage) Filled(ctx context.Context) error {
	want := Base + s.options.Entities
	limit := 2*time.Minute + time.Duration(s.options.Entities)*20*time.Millisecond
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the catalog has no %d entities after %s", want, limit))
	defer cancel()
	return s.Node.await(ctx, func(ctx context.Context) bool {
		answer, err := Ask(ctx, http.MethodGet, s.Node.URL+"/api/catalog/entities/by-query?limit=0", Token, nil)
		var body struct{ TotalItems int }
		return err == nil && answer.Status == http.StatusOK && answer.JSON(&body) == nil && body.TotalItems >= want
	})
}
