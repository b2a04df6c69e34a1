package permission

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

// maxQueries bounds the questions of one request: the peer takes bodies of 100 KiB (core.md 2.1).
const maxQueries = 250

// Remote decides by asking the permission backend (core.md 8.1). It keeps no decision: a policy that changes counts at
// once, as it does upstream.
type Remote struct {
	service *Service
	plugin  string
	tokens  Tokens
}

// Authorize asks about one permission.
func (r *Remote) Authorize(ctx context.Context, who auth.Credentials, p Permission, resourceRef string) (Decision, error) {
	d, err := r.AuthorizeAll(ctx, who, []Query{{Permission: p, ResourceRef: resourceRef}})
	if err != nil {
		return Decision{}, err
	}
	return d[0], nil
}

// AuthorizeAll asks all questions in one request, or in few where there are very many. Services are decided here
// (core.md 8.4).
func (r *Remote) AuthorizeAll(ctx context.Context, who auth.Credentials, queries []Query) ([]Decision, error) {
	if who.IsService() {
		return AuthorizeAll(ctx, &Local{}, who, queries)
	}
	decisions := make([]Decision, 0, len(queries))
	for part := range slices.Chunk(queries, maxQueries) {
		d, err := r.decide(ctx, who, part)
		if err != nil {
			return nil, err
		}
		decisions = append(decisions, d...)
	}
	return decisions, nil
}

// decide asks one request's worth of questions.
func (r *Remote) decide(ctx context.Context, who auth.Credentials, queries []Query) ([]Decision, error) {
	began := time.Now()
	q := newQuestion(r.plugin, queries, r.service.batched)
	decisions, failed := r.ask(ctx, who, q)
	if failed == nil {
		r.service.metrics.asked(r.plugin, "ok", time.Since(began))
		r.service.metrics.decided(r.plugin, decisions)
		return decisions, nil
	}
	if ctx.Err() != nil {
		// It is the caller who went, or whose time is over.
		return nil, context.Cause(ctx)
	}
	r.service.metrics.asked(r.plugin, failed.outcome, time.Since(began))
	if failed.final != nil {
		return nil, failed.final
	}
	// The caller is shown the fault's message; whoever logs the error has the detail as well.
	return nil, fmt.Errorf("%w (%w)", fault.Unavailable("%s", failed.message), failed.detail)
}

// ask sends the question, and once more where that may help: the peer is starting, cannot read our keys yet, or has let go
// of a connection. Nothing is changed by asking.
func (r *Remote) ask(ctx context.Context, who auth.Credentials, q *question) ([]Decision, *failure) {
	for attempt := 0; ; attempt++ {
		// Anew for each attempt: the key that signed the first one may have been rotated away.
		token, failed := r.token(ctx, who)
		if failed != nil {
			return nil, failed
		}
		address, err := r.service.discovery.InternalURL(ctx, pluginID)
		if err != nil {
			return nil, &failure{outcome: "unreachable", detail: fmt.Errorf("discovery.endpoints names the permission backend by an SRV record that cannot be looked up: %w", err), message: "The permission backend cannot be found; the log of this server says why"}
		}
		data, failed := r.service.post(ctx, address, token, q.body, r.plugin)
		if failed == nil {
			decisions, err := q.read(data)
			if err != nil {
				return nil, malformed(address, err)
			}
			return decisions, nil
		}
		if who.IsNone() && failed.outcome == outcomeUnauthorized {
			// As if the caller had asked there: nobody in particular may be decided about only if that backend allows it.
			return nil, &failure{outcome: failed.outcome, final: fault.Authentication("Missing credentials")}
		}
		ended := r.ended(who)
		if failed.outcome == outcomeUnauthorized && who.IsUser() && (ended || failed.users && attempt > 0) {
			failed.final = fmt.Errorf("%w (%w)", fault.Authentication("The permission backend does not accept the user's token"), failed.detail)
			return nil, failed
		}
		if !failed.again || ended || attempt > 0 || !r.service.rest(ctx) {
			return nil, failed
		}
	}
}

// ended reports whether the user's own token has ended, after which asking again does not help.
func (r *Remote) ended(who auth.Credentials) bool {
	return who.IsUser() && !who.ExpiresAt.IsZero() && !r.service.now().Before(who.ExpiresAt)
}

// token is what the question is asked with: on the user's behalf, because a direct user may not ask about all resources at
// once; none for nobody, as upstream asks.
func (r *Remote) token(ctx context.Context, who auth.Credentials) (string, *failure) {
	if who.IsNone() {
		return "", nil
	}
	token, err := r.tokens.IssueToken(ctx, r.plugin, who, pluginID)
	if err != nil {
		return "", &failure{outcome: "token", final: err}
	}
	return token, nil
}

var (
	_ Checker = (*Remote)(nil)
	_ Batcher = (*Remote)(nil)
)
