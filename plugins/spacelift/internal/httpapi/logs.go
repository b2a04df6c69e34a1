package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/stream"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/tail"
)

const (
	// logsKept bounds the pages that are kept for a moment.
	logsKept = 100
	// maxToken is far above the length of Spacelift's tokens, maxState that of its states.
	maxToken   = 4096
	maxState   = 60
	maxVersion = 1 << 20
)

type messageView struct {
	Timestamp time.Time `json:"timestamp,omitzero"`
	Message   string    `json:"message"`
}

type logPageView struct {
	Exists    bool          `json:"exists"`
	Messages  []messageView `json:"messages"`
	NextToken string        `json:"nextToken,omitempty"`
	Finished  bool          `json:"finished"`
	Expired   bool          `json:"expired"`
	HasMore   bool          `json:"hasMore"`
}

type logEventView struct {
	Type         tail.Kind     `json:"type"`
	Token        string        `json:"token,omitempty"`
	State        string        `json:"state,omitempty"`
	StateVersion int           `json:"stateVersion,omitempty"`
	Timestamp    time.Time     `json:"timestamp,omitzero"`
	HasLogs      *bool         `json:"hasLogs,omitempty"`
	Messages     []messageView `json:"messages,omitempty"`
	Error        string        `json:"error,omitempty"`
	Code         string        `json:"code,omitempty"`
}

// readLogs is GET /v1/stacks/{id}/runs/{run}/logs.
func (a *API) readLogs(w http.ResponseWriter, r *http.Request, may []access) error {
	ctx, stack, q := r.Context(), r.PathValue("id"), r.URL.Query()
	if err := a.find(ctx, stack, may[0]); err != nil {
		return err
	}
	if !may[1].knows(a.Mirror.Snapshot(), stack) {
		return notAllowed("You may not read the logs of this stack's runs: the permission policy says so.")
	}
	run, err := runID(r)
	if err != nil {
		return err
	}
	follow := false
	if text := q.Get("follow"); text != "" {
		if follow, err = strconv.ParseBool(text); err != nil {
			return invalid("follow is true or false, and not %.40q", text)
		}
	}
	if len(q.Get("token")) > maxToken {
		return invalid("the token is none that was given out here")
	}
	if follow {
		return a.followLogs(w, r, stack, run)
	}
	at, err := logPlace(q)
	if err != nil {
		return err
	}
	what := strings.Join([]string{run, at.State, strconv.Itoa(at.Version), at.Token}, "\x00")
	page, err := a.logs.read(ctx, stack, what, Version(a.Mirror.Snapshot(), stack), func(ctx context.Context) (client.LogPage, error) {
		return a.Upstream.Logs(ctx, stack, run, at)
	})
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, logPageView{
		Exists: page.Exists, Messages: viewMessages(page.Messages), NextToken: page.NextToken, Finished: page.Finished, Expired: page.Expired,
		HasMore: page.HasMore,
	})
}

// logPlace is the place that a query asks for.
func logPlace(q url.Values) (client.LogPlace, error) {
	at := client.LogPlace{State: q.Get("state"), Token: q.Get("token")}
	odd := func(r rune) bool { return (r < 'A' || r > 'Z') && r != '_' }
	if at.State == "" || len(at.State) > maxState || strings.ContainsFunc(at.State, odd) {
		return at, invalid("state is needed: one of the states in the run's history, such as PLANNING; or follow=true for all of them")
	}
	if text := q.Get("version"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > maxVersion {
			return at, invalid("version is the stateVersion of a state in the run's history, and not %.40q", text)
		}
		at.Version = n
	}
	return at, nil
}

// followLogs is readLogs with follow=true.
func (a *API) followLogs(w http.ResponseWriter, r *http.Request, stack, run string) error {
	q := r.URL.Query()
	if q.Has("state") || q.Has("version") {
		return invalid("with follow=true the whole run is read, from token on; leave out state and version")
	}
	from, err := tail.ParsePosition(q.Get("token"))
	if err != nil {
		return invalid("%v", err)
	}
	var viewer *tail.Viewer
	defer func() {
		if viewer != nil {
			viewer.Leave()
		}
	}()
	return a.follows.Prepare(w, r, func() (stream.Feed, error) {
		// Before the stream begins, so that a run that is not there has an answer of its own.
		if viewer, err = a.join(r.Context(), stack, run, from); err != nil {
			return nil, err
		}
		return func(ctx context.Context, send func(any) bool) {
			for {
				e, ok := viewer.Next(ctx)
				if !ok || !send(viewLogEvent(e)) {
					return
				}
			}
		}, nil
	})
}

// join follows a run that is there: whoever tries ids waits with the readers, and takes no place of those who follow.
func (a *API) join(ctx context.Context, stack, run string, from tail.Position) (*tail.Viewer, error) {
	if !a.Tails.Known(stack, run) && !a.details.has(stack, run) {
		// Kept apart from details: a page that reads the run when its log has ended must not find what was read for the log.
		_, err := a.joins.read(ctx, stack, run, "", func(ctx context.Context) (bool, error) {
			_, err := a.Upstream.RunDetail(ctx, stack, run)
			return err == nil, err
		})
		if err != nil {
			return nil, err
		}
	}
	name := ""
	if who := auth.FromContext(ctx); !who.IsNone() {
		name = who.String()
	}
	return a.Tails.Join(ctx, name, stack, run, from)
}

func viewLogEvent(e tail.Event) logEventView {
	v := logEventView{Type: e.Kind, Token: e.At.String(), StateVersion: e.Phase.Version}
	if e.Phase.State != "" {
		v.State = stateOf(e.Phase.State)
	}
	switch e.Kind {
	case tail.Phase:
		v.Timestamp, v.HasLogs = e.Phase.At, &e.Phase.HasLogs
	case tail.Log:
		v.Messages = viewMessages(e.Messages)
	case tail.Trouble:
		p := problemOf(e.Err)
		v.Error, v.Code = p.message, p.code
	case tail.Expired, tail.Skipped, tail.Done:
	}
	return v
}

func viewMessages(list []client.LogMessage) []messageView {
	out := make([]messageView, len(list))
	for i, m := range list {
		out[i] = messageView{Timestamp: m.At, Message: m.Text}
	}
	return out
}
