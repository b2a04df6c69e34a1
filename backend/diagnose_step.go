package backend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host"
)

const (
	// stepTimeout bounds one call of a step.
	stepTimeout = 10 * time.Second
	// maxAnswer bounds what is read of an answer: an index page with its configuration is the longest.
	maxAnswer = 2 << 20
)

// about is a step whose outcome is still open.
type about struct{ id, title string }

func (a about) step(o host.Outcome, detail, fix string) host.Step {
	return host.Step{ID: a.id, Title: a.title, Outcome: o, Detail: oneLine(detail), Fix: oneLine(fix)}
}

func (a about) passed(format string, args ...any) host.Step {
	return a.step(host.StepPassed, fmt.Sprintf(format, args...), "")
}

func (a about) skipped(format string, args ...any) host.Step {
	return a.step(host.StepSkipped, fmt.Sprintf(format, args...), "")
}

func (a about) failed(fix, format string, args ...any) host.Step {
	return a.step(host.StepFailed, fmt.Sprintf(format, args...), fix)
}

func (a about) warning(fix, format string, args ...any) host.Step {
	return a.step(host.StepWarning, fmt.Sprintf(format, args...), fix)
}

// waits is a step that makes no sense before another one has passed.
func (a about) waits(other string) host.Step {
	return a.skipped("waits for %s", other)
}

// oneLine makes any text fit for a line; what others sent may be long, and may be meant for the terminal.
func oneLine(text string) string {
	const longest = 400
	return host.Legible(text, longest)
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   []byte
	// sent and received are when, by our clock.
	sent, received time.Time
}

// get asks an address. It is a GET and sent once: a check tells how things are, and not how they are after trying hard.
func (d *diagnosis) get(ctx context.Context, address, token string, headers ...string) (reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("no answer within %s", stepTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Accept", "application/json, text/html;q=0.5")
	req.Header.Set("User-Agent", "Understudy/"+d.s.options.version+" (check)")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	r := reply{sent: time.Now()}
	resp, err := d.client.Do(req)
	r.received = time.Now()
	if err != nil {
		return r, fmt.Errorf("%s", unreached(ctx, err))
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	r.status, r.header = resp.StatusCode, resp.Header
	if r.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1)); err != nil {
		return r, fmt.Errorf("the answer broke off: %s", unreached(ctx, err))
	}
	if len(r.body) > maxAnswer {
		return r, fmt.Errorf("the answer is longer than %d MiB", maxAnswer>>20)
	}
	return r, nil
}

// unreached says in few words why there was no answer.
func unreached(ctx context.Context, err error) string {
	if cause := context.Cause(ctx); cause != nil {
		return cause.Error()
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host name " + lookup.Name + " cannot be resolved"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// message is what an answer says, whichever of the two it is: Backstage's error body, or a text.
func (r reply) message() string {
	if text := faultMessage(r.body); text != "" {
		return text
	}
	text := oneLine(string(r.body))
	if text == "" || strings.HasPrefix(text, "<") || strings.HasPrefix(text, "{") {
		return strings.ToLower(http.StatusText(r.status))
	}
	return text
}
