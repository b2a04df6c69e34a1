package console

import (
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// maxCheckBody bounds the body of a wish for a check, which holds one token.
const maxCheckBody = 64 << 10

// checkRequest is the body of POST /v1/check. It may be absent.
type checkRequest struct {
	// UserToken is a token of Backstage's own auth plugin, to be tried on this server.
	UserToken string `json:"userToken"`
}

// checkView is what a self-check found; without a time where there has been none.
type checkView struct {
	CheckedAt     *time.Time  `json:"checkedAt,omitempty"`
	TookMillis    int64       `json:"tookMillis"`
	Passed        int         `json:"passed"`
	Warnings      int         `json:"warnings"`
	Failed        int         `json:"failed"`
	Skipped       int         `json:"skipped"`
	Steps         []host.Step `json:"steps"`
	ServerTitle   string      `json:"title"`
	ServerVersion string      `json:"version"`
}

// lastCheck shows what the latest check found, and begins none: pages may ask for it as often as they like.
func (a *api) lastCheck(w http.ResponseWriter, r *http.Request) error {
	if err := a.requirePrivilege(r, readSystem, "what a check found"); err != nil {
		return err
	}
	last, _ := a.system.LastCheck()
	return router.WriteJSON(w, r, http.StatusOK, a.checkView(last))
}

// check looks at everything now. It is a POST because it costs calls to others, so that no prefetch or reload begins one,
// and is audited like any other act.
func (a *api) check(w http.ResponseWriter, r *http.Request) (err error) {
	event := a.audit.Event(r.Context(), telemetry.Event{Plugin: ID, ID: "self-check"})
	defer func() { event.Done(err) }()
	if err := a.requirePrivilege(r, createCheck, "what a check finds"); err != nil {
		return err
	}
	var wish checkRequest
	if err := router.DecodeJSON(r, maxCheckBody, &wish); err != nil {
		return err
	}
	token := config.NewSecret(wish.UserToken)
	// Whoever is signed in has brought the token that is to be tried.
	if who := auth.FromContext(r.Context()); token.IsZero() && who.IsUser() && who.Actor == "" {
		token = config.NewSecret(who.Token())
	}
	return router.WriteJSON(w, r, http.StatusOK, a.checkView(a.system.SelfCheck(r.Context(), token)))
}

func (a *api) checkView(c host.Checkup) checkView {
	v := checkView{
		TookMillis: c.Took.Milliseconds(), Steps: []host.Step{},
		ServerTitle: a.system.Title(), ServerVersion: a.system.Version(),
	}
	if !c.At.IsZero() {
		at := c.At.UTC().Truncate(time.Millisecond)
		v.CheckedAt = &at
	}
	for _, s := range c.Steps {
		switch s.Outcome {
		case host.StepPassed:
			v.Passed++
		case host.StepWarning:
			v.Warnings++
		case host.StepFailed:
			v.Failed++
		case host.StepSkipped:
			v.Skipped++
		}
		v.Steps = append(v.Steps, s)
	}
	return v
}
