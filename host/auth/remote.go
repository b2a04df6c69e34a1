package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// The limits of reading somebody's keys (core.md 4.6).
const (
	fetchTimeout  = 5 * time.Second
	maxDocument   = 512 << 10
	keysFresh     = 10 * time.Minute
	refetchPause  = 30 * time.Second
	forcedFetches = 10
	forcedWindow  = time.Minute
	// parallelFetches bounds what tokens of unknown callers, which anybody can make up, cause at a time.
	parallelFetches = 16
	// maxDocuments bounds how many documents are remembered; a deployment has as many plugins.
	maxDocuments = 1000
)

// errNoDocument means that there is nothing at the address of a JWKS document.
var errNoDocument = errors.New("there is no JWKS document")

// unreachableError is a document that could not be read for no reason that lies in what was asked: the peer may have it later.
type unreachableError struct{ error }

// Unwrap returns the cause.
func (e unreachableError) Unwrap() error { return e.error }

var errRedirect = errors.New("redirects are not followed")

// newClient returns the client for calls to other backends of the deployment. It follows no redirects, which could lead
// to addresses that nobody configured.
func newClient() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect }}
}

// remoteKeys reads JWKS documents and remembers them. Only successes are remembered.
type remoteKeys struct {
	client  *http.Client
	now     func() time.Time
	metrics *metrics
	flights singleflight.Group
	slots   *semaphore.Weighted

	mu        sync.Mutex // guards documents and what is in them
	documents map[string]*document
}

// document is what is known of one address.
type document struct {
	set     keys.Set
	fetched time.Time
	// forced are the times of the latest fetches for the sake of an unknown kid within the pause, oldest first.
	forced []time.Time
}

func newRemoteKeys(client *http.Client, now func() time.Time, m *metrics) *remoteKeys {
	return &remoteKeys{
		client: client, now: now, metrics: m,
		slots:     semaphore.NewWeighted(parallelFetches),
		documents: map[string]*document{},
	}
}

// keys returns the keys at the address, fetching them if they are not fresh, or if none of them fits the header and
// another fetch is due.
func (r *remoteKeys) keys(ctx context.Context, address string, header token.Header) (keys.Set, error) {
	if set, ok := r.known(address, header); ok {
		return set, nil
	}
	flight := r.flights.DoChan(address, func() (any, error) {
		// The fetch serves everybody who waits for it, so it does not end with the first one's request.
		return r.refresh(context.WithoutCancel(ctx), address)
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return nil, result.Err
		}
		set, _ := result.Val.(keys.Set)
		return set, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// known returns what is remembered, if that is good enough.
func (r *remoteKeys) known(address string, header token.Header) (keys.Set, bool) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.documents[address]
	if d == nil || now.Sub(d.fetched) >= keysFresh {
		return nil, false
	}
	if len(d.set.Find(header.KeyID, header.Algorithm)) > 0 || !d.mayRefetch(now) {
		return d.set, true
	}
	return nil, false
}

// mayRefetch reports whether an unknown kid is reason enough to fetch again, and takes note of it: once in a pause, and
// beyond that a few times a minute, so that rotated keys are seen soon and made-up kids do not flood the issuer.
func (d *document) mayRefetch(now time.Time) bool {
	if now.Sub(d.fetched) >= refetchPause {
		return true
	}
	for len(d.forced) > 0 && now.Sub(d.forced[0]) >= forcedWindow {
		d.forced = d.forced[1:]
	}
	if len(d.forced) >= forcedFetches {
		return false
	}
	d.forced = append(d.forced, now)
	return true
}

func (r *remoteKeys) refresh(ctx context.Context, address string) (keys.Set, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, fmt.Errorf("no answer within %s", fetchTimeout))
	defer cancel()
	slot := slot{of: r.slots}
	if err := slot.take(ctx); err != nil {
		return nil, fmt.Errorf("read %s: %w", address, unreachableError{err})
	}
	defer slot.leave()
	set, err := r.fetch(ctx, address, slot.rest)
	r.metrics.fetched(err)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = unreachableError{cause}
		}
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	r.remember(address, set)
	return set, nil
}

// slot is the right to one request at a time. It is for one goroutine.
type slot struct {
	of   *semaphore.Weighted
	held bool
}

func (s *slot) take(ctx context.Context) error {
	if err := s.of.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	s.held = true
	return nil
}

func (s *slot) leave() {
	if s.held {
		s.held = false
		s.of.Release(1)
	}
}

// rest waits for the next try without the slot: callers whom somebody made up would keep real ones waiting by failing.
func (s *slot) rest(ctx context.Context, d time.Duration) error {
	s.leave()
	if err := sleep(ctx, d); err != nil {
		return err
	}
	return s.take(ctx)
}

func (r *remoteKeys) fetch(ctx context.Context, address string, rest func(context.Context, time.Duration) error) (keys.Set, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	resp, err := doIdempotent(r.client, req, rest)
	if err != nil && !errors.Is(err, errRedirect) {
		err = unreachableError{err}
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, errNoDocument
	default:
		err := fmt.Errorf("unexpected status %d", resp.StatusCode)
		if resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests {
			err = unreachableError{err}
		}
		return nil, err
	}
	data, err := readBounded(resp.Body, maxDocument)
	if err != nil {
		return nil, err
	}
	return keys.ParseSet(data)
}

func readBounded(from io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return data, nil
}

func (r *remoteKeys) remember(address string, set keys.Set) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.documents[address]
	if d == nil {
		if len(r.documents) >= maxDocuments {
			clear(r.documents)
		}
		d = &document{}
		r.documents[address] = d
	}
	d.set, d.fetched = set, r.now()
}
