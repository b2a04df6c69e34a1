package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
)

type statusView struct {
	Account          string     `json:"account"`
	URL              string     `json:"url"`
	ReadOnly         bool       `json:"readOnly"`
	CanWrite         bool       `json:"canWrite"`
	KeyName          string     `json:"keyName,omitempty"`
	Stacks           int        `json:"stacks"`
	UnknownStates    int        `json:"unknownStates"`
	Synced           syncedView `json:"synced"`
	Token            tokenView  `json:"token"`
	Breaker          string     `json:"breaker"`
	RateLimitedUntil time.Time  `json:"rateLimitedUntil,omitzero"`
}

type syncedView struct {
	Complete   bool       `json:"complete"`
	At         time.Time  `json:"at,omitzero"`
	DurationMS int64      `json:"durationMs,omitempty"`
	Next       time.Time  `json:"next,omitzero"`
	Error      *errorView `json:"error,omitempty"`
}

type tokenView struct {
	Valid     bool      `json:"valid"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

// status is GET /v1/status.
func (a *API) status(w http.ResponseWriter, r *http.Request, may []access) error {
	s, up := may[0].view(a.Mirror.Snapshot()), a.Upstream.Status()
	v := statusView{
		Account: a.Account, URL: a.Web.String(), ReadOnly: a.ReadOnly, KeyName: s.State.KeyName, Stacks: len(s.Stacks), UnknownStates: s.Unknown,
		// Before the first sweep nobody knows; then it is not said that the key cannot.
		CanWrite: !a.ReadOnly && (s.CanWrite || len(s.Stacks) == 0),
		Synced:   syncedOf(s, a.Interval),
		Token:    tokenView{Valid: up.TokenValid, ExpiresAt: up.TokenExpires.UTC()},
		Breaker:  up.Breaker,
	}
	if up.TokenExpires.IsZero() {
		v.Token.ExpiresAt = time.Time{}
	}
	if up.RateLimitedUntil.After(a.Now()) {
		v.RateLimitedUntil = up.RateLimitedUntil.UTC()
	}
	return router.WriteJSON(w, r, http.StatusOK, v)
}

func syncedOf(s *mirror.Snapshot, interval time.Duration) syncedView {
	st := s.State
	v := syncedView{Complete: s.Synced(), At: st.SweptAt, Next: st.NextAt}
	if v.Complete {
		v.DurationMS = st.SweptAt.Sub(st.SweepStarted).Milliseconds()
		if v.Next.IsZero() {
			v.Next = st.SweepStarted.Add(interval)
		}
	}
	if f := st.Failure; f != nil {
		p := problemOf(&client.Error{Code: client.Code(f.Code), Status: f.Status, Message: f.Message})
		v.Error = &errorView{Error: p.message, Code: p.code}
	}
	return v
}

type eventView struct {
	Type string   `json:"type"`
	IDs  []string `json:"ids,omitempty"`
}

// eventQuiet is the least time between two events on one stream.
const eventQuiet = 500 * time.Millisecond

// events is GET /v1/events.
func (a *API) events(w http.ResponseWriter, r *http.Request, may []access) error {
	return a.streams.Serve(w, r, func(ctx context.Context, send func(any) bool) {
		// First the subscription: what changes after the hello must not be missed.
		changes := a.Mirror.Subscribe()
		defer changes.Close()
		if !send(eventView{Type: "hello"}) {
			return
		}
		for {
			select {
			case <-changes.Ready():
			case <-ctx.Done():
				return
			}
			if !sendChange(a.visible(changes.Take(), may[0]), send) {
				return
			}
			select {
			case <-time.After(eventQuiet):
			case <-ctx.Done():
				return
			}
		}
	})
}

// visible leaves out of a change what the caller may not see. A stack that is gone cannot be looked at: then something changed, and
// it is not said what.
func (a *API) visible(c mirror.Change, x access) mirror.Change {
	if x.all || len(c.IDs) == 0 {
		return c
	}
	s := a.Mirror.Snapshot()
	some := mirror.Change{All: c.All, Status: c.Status}
	for _, id := range c.IDs {
		switch {
		case s.Stack(id) == nil:
			return mirror.Change{All: true, Status: c.Status}
		case x.knows(s, id):
			some.IDs = append(some.IDs, id)
		}
	}
	return some
}

func sendChange(c mirror.Change, send func(any) bool) bool {
	if (c.All || len(c.IDs) > 0) && !send(eventView{Type: "stacks", IDs: c.IDs}) {
		return false
	}
	return !c.Status || send(eventView{Type: "status"})
}
