package export

import (
	"context"
	"encoding/json"
	"time"
)

// The bodies of openapi.yaml.

type runJSON struct {
	ID           string    `json:"id"`
	Destination  string    `json:"destination"`
	Trigger      string    `json:"trigger"`
	RequestedBy  string    `json:"requestedBy,omitempty"`
	Status       string    `json:"status"`
	Phase        string    `json:"phase,omitempty"`
	Mode         string    `json:"mode,omitempty"`
	DryRun       bool      `json:"dryRun"`
	Full         bool      `json:"full"`
	ParentID     string    `json:"parentId,omitempty"`
	Counts       Counts    `json:"counts"`
	Rate         float64   `json:"rate"`
	ETASeconds   *float64  `json:"etaSeconds,omitempty"`
	StartedAt    time.Time `json:"startedAt"`
	EndedAt      time.Time `json:"endedAt,omitzero"`
	Error        string    `json:"error,omitempty"`
	Warnings     []string  `json:"warnings,omitempty"`
	Digest       string    `json:"digest,omitempty"`
	WaitingUntil time.Time `json:"waitingUntil,omitzero"`
	Note         string    `json:"note,omitempty"`
	RetryAt      time.Time `json:"retryAt,omitzero"`
	Resumable    bool      `json:"resumable"`
	Href         string    `json:"href"`
}

func (a *api) runJSON(ctx context.Context, r *runRow) (*runJSON, error) {
	s, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	resumable, err := s.resumable(ctx, r)
	if err != nil {
		return nil, err
	}
	p := &r.progress
	out := &runJSON{
		ID: r.id, Destination: a.Engine.opts.ID, Trigger: r.cause, RequestedBy: r.by, Status: r.status, Phase: r.phase, Mode: r.mode,
		DryRun: r.dryRun, Full: r.full, ParentID: r.parent, Counts: p.Counts, Rate: p.Rate, StartedAt: r.startedAt.UTC(), EndedAt: r.endedAt.UTC(),
		Error: r.err, Warnings: p.Warnings, Digest: p.Digest, Resumable: resumable, Href: a.prefix + "/runs/" + r.id,
	}
	if !r.retryAt.IsZero() {
		out.RetryAt = r.retryAt.UTC()
	}
	if r.active() {
		out.Note = p.Note
		out.EndedAt = time.Time{}
		if p.ETA > 0 {
			out.ETASeconds = &p.ETA
		}
		if !p.WaitingUntil.IsZero() {
			out.WaitingUntil = p.WaitingUntil.UTC()
		}
	}
	return out, nil
}

type startedJSON struct {
	RunID       string   `json:"runId"`
	Destination string   `json:"destination"`
	Status      string   `json:"status"`
	Href        string   `json:"href"`
	Joined      bool     `json:"joined"`
	Run         *runJSON `json:"run"`
}

type runPageJSON struct {
	Items      []*runJSON `json:"items"`
	NextCursor string     `json:"nextCursor,omitempty"`
}

type itemJSON struct {
	EntityRef  string    `json:"entityRef"`
	ID         string    `json:"id,omitempty"`
	Status     string    `json:"status"`
	Operation  string    `json:"operation,omitempty"`
	Code       string    `json:"code,omitempty"`
	HTTPStatus int       `json:"httpStatus,omitempty"`
	Message    string    `json:"message,omitempty"`
	Attempts   int       `json:"attempts,omitempty"`
	At         time.Time `json:"at,omitzero"`
}

type itemPageJSON struct {
	Items      []itemJSON `json:"items"`
	NextCursor string     `json:"nextCursor,omitempty"`
}

type statusJSON struct {
	Destination string       `json:"destination"`
	Target      string       `json:"target"`
	Mode        string       `json:"mode"`
	Gzip        bool         `json:"gzip"`
	Token       tokenJSON    `json:"token"`
	Schedule    scheduleJSON `json:"schedule"`
	Running     *runJSON     `json:"running,omitempty"`
	Last        *runJSON     `json:"last,omitempty"`
	Runs        int          `json:"runs"`
	Ledger      ledgerJSON   `json:"ledger"`
	Limits      limitsJSON   `json:"limits"`
	Filters     any          `json:"filters,omitempty"`
}

type tokenJSON struct {
	State     string    `json:"state"`
	CheckedAt time.Time `json:"checkedAt,omitzero"`
	Message   string    `json:"message,omitempty"`
}

type scheduleJSON struct {
	Enabled  bool      `json:"enabled"`
	Cron     string    `json:"cron,omitempty"`
	Timezone string    `json:"timezone,omitempty"`
	Next     time.Time `json:"next,omitzero"`
}

type ledgerJSON struct {
	Sent       int     `json:"sent"`
	Failed     int     `json:"failed"`
	LagSeconds float64 `json:"lagSeconds"`
}

type limitsJSON struct {
	MaxEntities   int `json:"maxEntities"`
	MaxBytes      int `json:"maxBytes"`
	LearnedBytes  int `json:"learnedBytes,omitempty"`
	Concurrency   int `json:"concurrency"`
	RatePerMinute int `json:"ratePerMinute"`
}

type previewJSON struct {
	EntityRef string          `json:"entityRef"`
	Included  bool            `json:"included"`
	Why       string          `json:"why,omitempty"`
	Document  json.RawMessage `json:"document,omitempty"`
	Warnings  []string        `json:"warnings"`
	LastSent  *lastSentJSON   `json:"lastSent,omitempty"`
	Changed   bool            `json:"changed"`
	Added     []string        `json:"added,omitempty"`
	Removed   []string        `json:"removed,omitempty"`
}

type lastSentJSON struct {
	At      time.Time `json:"at,omitzero"`
	Status  string    `json:"status"`
	Message string    `json:"message,omitempty"`
	RunID   string    `json:"runId"`
}
