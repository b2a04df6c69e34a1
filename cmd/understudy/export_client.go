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
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// exportTimeout is the deadline of one call.
	exportTimeout = 30 * time.Second
	// maxExportAnswer bounds what is read of an answer.
	maxExportAnswer = 4 << 20
)

// exportCounts are those of a run (export/openapi.yaml).
type exportCounts struct {
	Read, Filtered, Skipped, Unmappable, Unchanged, Create, Update, Sent, Failed, Pending int
	DeleteCandidates, Chunks, Requests                                                    int
	Bytes, WireBytes                                                                      int64
}

// exportRun is a run.
type exportRun struct {
	ID, Destination, Status, Phase, Mode, Trigger, Error, Digest, Note string
	DryRun, Full, Resumable                                            bool
	Counts                                                             exportCounts
	Rate, ETASeconds                                                   float64
	StartedAt                                                          time.Time
	EndedAt, WaitingUntil                                              *time.Time
	Warnings                                                           []string
}

func (r exportRun) ended() bool { return r.Status != "queued" && r.Status != "running" }

// exportStarted is the answer to the wish for a run.
type exportStarted struct {
	RunID, Status string
	Joined        bool
	Run           *exportRun
}

// exportStatus is what is known of a destination.
type exportStatus struct {
	Destination, Target, Mode string
	Gzip                      bool
	Token                     struct {
		State, Message string
		CheckedAt      *time.Time
	}
	Schedule struct {
		Enabled        bool
		Cron, Timezone string
		Next           *time.Time
	}
	Running, Last *exportRun
	Runs          int
	Ledger        *struct {
		Sent, Failed int
		LagSeconds   float64
	}
	Limits *struct{ MaxEntities, MaxBytes, LearnedBytes, Concurrency, RatePerMinute int }
}

// exportItem is what became of an entity.
type exportItem struct{ EntityRef, Code, Message string }

// exportClient asks a server's routes of one destination.
type exportClient struct {
	server, destination string
	named               bool // the server, by --server
	token               apiToken
	http                *http.Client
}

func (c *exportClient) start(ctx context.Context, dryRun, full, digest bool) (started exportStarted, err error) {
	query := url.Values{}
	for name, set := range map[string]bool{"dryRun": dryRun, "full": full, "digest": digest} {
		if set {
			query.Set(name, "true")
		}
	}
	path := "/migrate"
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	_, err = c.ask(ctx, http.MethodPost, path, &started)
	return started, err
}

func (c *exportClient) run(ctx context.Context, id string) (run exportRun, text []byte, err error) {
	text, err = c.ask(ctx, http.MethodGet, "/runs/"+url.PathEscape(id), &run)
	return run, text, err
}

func (c *exportClient) cancel(ctx context.Context, id string) (run exportRun, text []byte, err error) {
	text, err = c.ask(ctx, http.MethodPost, "/runs/"+url.PathEscape(id)+"/cancel", &run)
	return run, text, err
}

func (c *exportClient) status(ctx context.Context) (status exportStatus, text []byte, err error) {
	text, err = c.ask(ctx, http.MethodGet, "/status", &status)
	return status, text, err
}

// failed returns some of a run's failed items.
func (c *exportClient) failed(ctx context.Context, id string, limit int) ([]exportItem, error) {
	var page struct{ Items []exportItem }
	_, err := c.ask(ctx, http.MethodGet, fmt.Sprintf("/runs/%s/items?status=failed&limit=%d", url.PathEscape(id), limit), &page)
	return page.Items, err
}

// unreachable is a server that did not answer, which it may do later.
type unreachable struct{ error }

// Unwrap returns the cause.
func (e unreachable) Unwrap() error { return e.error }

// forbidden is what a server does not tell to who holds this token, or none.
type forbidden struct{ error }

// Unwrap returns the cause.
func (e forbidden) Unwrap() error { return e.error }

// ask makes one call, reads its answer into v, and returns the answer as it came.
func (c *exportClient) ask(ctx context.Context, method, path string, v any) ([]byte, error) {
	late := fmt.Errorf("no answer within %s", exportTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, exportTimeout, late)
	defer cancel()
	address := c.server + "/api/" + c.destination + path
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, usageError{fmt.Errorf("--server %s: %w", c.server, err)}
	}
	req.Header.Set("Accept", "application/json")
	if !c.token.value.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.value.Reveal())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreached(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxExportAnswer+1))
	if err != nil {
		return nil, c.unreached(ctx, err)
	}
	if len(text) > maxExportAnswer {
		return nil, fmt.Errorf("%s: the answer is longer than %d bytes; is --server an Understudy server?", address, maxExportAnswer)
	}
	if err := c.refused(resp, text, path); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("%s: the answer is not what the API gives (%w); is --server an Understudy server of this version?", address, err)
	}
	return text, nil
}

// unreached explains a call without an answer.
func (c *exportClient) unreached(ctx context.Context, err error) error {
	cause := err
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	} else if op, ok := errors.AsType[*net.OpError](err); ok {
		cause = op.Err
	} else if urlErr, ok := errors.AsType[*url.Error](err); ok {
		cause = urlErr.Err
	}
	return unreachable{fmt.Errorf("cannot reach %s: %w; start the server (understudy serve, or understudy demo), or name another by --server", c.server, cause)}
}

// refused explains an answer that is an error; a good one is nil.
func (c *exportClient) refused(resp *http.Response, text []byte, path string) error {
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") || bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) {
		return fmt.Errorf("%s answered with a web page (HTTP %d), not with the API; --server is the address of the backend (backend.baseUrl)", c.server, resp.StatusCode)
	}
	if resp.StatusCode < 300 {
		return nil
	}
	message := serverMessage(text)
	said := strconv.Itoa(resp.StatusCode)
	if message != "" {
		said += ": " + message
	}
	switch code := resp.StatusCode; {
	case code < 400:
		return fmt.Errorf("%s redirects to %s; name the server's own address by --server", c.server, resp.Header.Get("Location"))
	case code == http.StatusUnauthorized && c.token.value.IsZero():
		last := "write the token to " + c.token.source
		if c.token.source == "" {
			last = "name the server's configuration by --config, on its own machine, where no token is needed"
		}
		return forbidden{fmt.Errorf("%s asks for a token (%s), and there is none; set $%s, name a file by --token-file, or %s", c.server, said, tokenVariable, last)}
	case code == http.StatusUnauthorized:
		return forbidden{fmt.Errorf("%s does not accept the token of %s (%s); use one of backend.auth.externalAccess of its configuration",
			c.server, c.token.source, said)}
	case code == http.StatusForbidden:
		return forbidden{fmt.Errorf("%s refuses this to the token of %s (%s)", c.server, c.token.source, said)}
	case code == http.StatusNotFound && strings.HasPrefix(path, "/runs/"):
		return fmt.Errorf("%s has no such run (%s)", c.server, said)
	case code == http.StatusNotFound && c.destination != defaultDestination:
		return fmt.Errorf("%s has no destination '%s' (%s); the one that understudy comes with is '%s', which needs no --destination",
			c.server, c.destination, said, defaultDestination)
	case code == http.StatusNotFound:
		return fmt.Errorf("%s has no export to %s (%s); add a section '%[2]s' to its configuration, and look for '%[2]s' in its log line 'ready'",
			c.server, c.destination, said)
	case code >= 500 && code != http.StatusNotImplemented:
		return unreachable{fmt.Errorf("%s cannot answer now (%s); look into its log", c.server, said)}
	default:
		return fmt.Errorf("%s refuses (%s)", c.server, said)
	}
}

// serverMessage is the message of Backstage's error body, on one line without control characters.
func serverMessage(text []byte) string {
	var body struct {
		Error struct{ Name, Message string }
	}
	message := ""
	if json.Unmarshal(text, &body) == nil {
		message = body.Error.Message
		if message == "" {
			message = body.Error.Name
		}
	}
	if message == "" {
		message = string(text[:min(len(text), 200)])
	}
	return oneLine(message)
}

// oneLine makes text of others safe for a terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 }), " ")
}
