package auth

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// startingPauses are the waits between tries of a call to a peer that may be starting, or being replaced (core.md 18). They
// are short: somebody's request waits for the answer.
var startingPauses = [...]time.Duration{100 * time.Millisecond, 400 * time.Millisecond}

// doIdempotent sends a request without a body, again if the peer seems to be starting. The answer's body is the caller's to
// close. A 404 is final: names of callers are not to be trusted, and one that somebody made up must not cost three requests.
// Rest waits before the next try; sleep does.
func doIdempotent(client *http.Client, req *http.Request, rest func(context.Context, time.Duration) error) (*http.Response, error) {
	for _, pause := range startingPauses {
		resp, err := client.Do(req)
		if !seemsStarting(resp, err) {
			return resp, err
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
		if err := rest(req.Context(), pause); err != nil {
			return nil, err
		}
	}
	return client.Do(req)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func seemsStarting(resp *http.Response, err error) bool {
	if err != nil {
		return !errors.Is(err, errRedirect) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}
