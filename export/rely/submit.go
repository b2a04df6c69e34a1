package rely

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/understudy-portal/understudy/export"
)

const tasksPath = "/api/v1/tasks"

// task is one as the API shows it (export.md 2.4).
type task struct {
	ID     string          `json:"id"`
	Status string          `json:"status"`
	Error  json.RawMessage `json:"error"`
}

// Submit hands a payload over.
func (d *Destination) Submit(ctx context.Context, payload []byte) (export.Submitted, error) {
	switch modeOf(payload) {
	case Bulk:
		// patch and the like were sent with capitals (export.md 2.2); a server that is not Python's reads these as well.
		patch := "True"
		if bytes.HasPrefix(payload, []byte(bulkHeadWhole)) {
			patch = "False"
		}
		a, err := d.client.do(ctx, http.MethodPut, "/api/v1/entities/bulk", url.Values{
			"unmappedProperties": {"ignore"}, "patch": {patch}, "updatePropertiesAndRelationsOnly": {"False"},
		}, payload)
		return export.Submitted{WireBytes: a.sent}, withCulprit(err, payload)
	case Raw:
		a, err := d.client.do(ctx, http.MethodPost, d.opts.RawPath, nil, payload)
		return export.Submitted{WireBytes: a.sent}, err
	default:
		return d.submitTask(ctx, payload)
	}
}

// withCulprit adds to a refusal the element that its text names, where the answer does not tell the index.
func withCulprit(err error, payload []byte) error {
	f, ok := errors.AsType[*export.Failure](err)
	if ok && f.Kind == export.Invalid && len(f.Items) == 0 {
		f.Items = named(f.Message, idsOf(payload))
	}
	return err
}

func (d *Destination) submitTask(ctx context.Context, payload []byte) (export.Submitted, error) {
	a, err := d.client.do(ctx, http.MethodPost, tasksPath, nil, payload)
	s := export.Submitted{WireBytes: a.sent}
	if err != nil {
		return s, withCulprit(err, payload)
	}
	t, err := d.task(a)
	if err != nil {
		return s, err
	}
	switch done, err := d.outcome(t, idsOf(payload)); {
	case err != nil:
		return s, err
	case done:
		return s, nil
	case t.ID == "":
		return s, &export.Failure{Kind: export.Misconfigured, Status: a.status, Message: fmt.Sprintf(
			"%s %s: the answer has no task id: %s", a.method, a.url, d.client.clean(string(a.body)))}
	}
	d.sent.put(t.ID, idsOf(payload))
	s.Ticket = t.ID
	return s, nil
}

func (d *Destination) task(a answer) (task, error) {
	var t task
	if err := json.Unmarshal(a.body, &t); err != nil {
		// Whether the task was made is not known. Doing it again is harmless.
		return t, &export.Failure{Kind: export.Transient, Status: a.status, Err: err, Message: fmt.Sprintf(
			"%s %s: the answer is no JSON: %s", a.method, a.url, d.client.clean(string(a.body)))}
	}
	return t, nil
}

// Poll asks how a task fares.
func (d *Destination) Poll(ctx context.Context, ticket string) (bool, error) {
	a, err := d.client.do(ctx, http.MethodGet, tasksPath+"/"+url.PathEscape(ticket), nil, nil)
	if f, ok := errors.AsType[*export.Failure](err); ok && f.Status == http.StatusNotFound && !a.isPage() {
		d.sent.take(ticket)
		f.Kind = export.Gone
		return false, f
	}
	if err != nil {
		return false, err
	}
	t, err := d.task(a)
	if err != nil {
		return false, err
	}
	d.sent.mu.Lock()
	ids := d.sent.ids[ticket]
	d.sent.mu.Unlock()
	done, err := d.outcome(t, ids)
	if done || err != nil {
		d.sent.take(ticket)
	}
	return done, err
}

// outcome reads a task's status in any casing, with any separators (export.md 2.4). One that it does not know is not
// the end.
func (d *Destination) outcome(t task, ids []string) (done bool, err error) {
	switch plain(t.Status) {
	case "success", "succeeded", "completed", "done":
		return true, nil
	case "failed", "failure", "error", "cancelled", "canceled":
		message := "the task failed without a reason"
		if len(t.Error) > 0 && string(t.Error) != "null" {
			message = d.client.clean(textOf(t.Error))
		}
		return false, &export.Failure{Kind: export.Invalid, Message: message, Items: named(message, ids)}
	default:
		return false, nil
	}
}

// plain is a name in lower case without what is no letter: "TaskStatus.SUCCESS" ends in success whatever its style.
func plain(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(name))
}
