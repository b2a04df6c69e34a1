package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/sim/spacelift"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

// joinedPlan is what is measured beside a Node backend.
type joinedPlan struct {
	set      string
	entities int
	accounts string
}

// measureJoined has Understudy beside a Node backend, both on one PostgreSQL: what a request for stacks costs on each way to
// them, and what an export of Node's catalog costs both sides.
func measureJoined(ctx context.Context, p plan) error {
	for account := range strings.SplitSeq(p.joined.accounts, ",") {
		if account == "" {
			continue
		}
		if err := onStage(ctx, p, stage.Options{
			Official: true, Spacelift: spacelift.Options{Preset: account}, // its clock stands, so that ETags do not change
			Understudy: map[string]string{"APP_CONFIG_understudy_gateway_enabled": "true", "APP_CONFIG_rely_cron_enabled": "false"},
		}, func(s *stage.Stage) error { return measureWays(ctx, p, s, account) }); err != nil {
			return fmt.Errorf("account %s: %w", account, err)
		}
	}
	if p.joined.entities == 0 {
		return nil
	}
	return measureJoinedExport(ctx, p)
}

// onStage opens a stage, and closes it when the work is done.
func onStage(ctx context.Context, p plan, options stage.Options, work func(s *stage.Stage) error) (err error) {
	if options.Folder, err = os.MkdirTemp("", "understudy-bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(options.Folder)) }()
	if options.Binary, err = filepath.Abs(p.bin); err != nil {
		return err
	}
	options.Set = p.joined.set
	s, err := stage.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return work(s)
}

// way is a way to the list of stacks.
type way struct {
	what, base, path string
}

// measureWays asks for the same stacks on each way: whole, and as a browser polls, with the ETag of what it has.
func measureWays(ctx context.Context, p plan, s *stage.Stage, account string) error {
	if err := s.Start(ctx); err != nil {
		return err
	}
	if err := awaitSync(ctx, s); err != nil {
		return err
	}
	user, err := s.SignIn(ctx, "user:default/jane", "group:default/platform")
	if err != nil {
		return err
	}
	fmt.Printf("\n| joined, %d stacks (account %s) | connections | p50 | p99 | p50 to that of the first | req/s | bytes | calls of Spacelift |\n|---|---|---|---|---|---|---|---|\n", stacksOf(ctx, s), account)
	stacks := []way{
		{"Node's own plugin", s.Node.URL, "/api/spacelift-io/stacks"},
		{"Understudy, through Node's proxy entry", s.Node.URL, "/api/proxy/understudy/spacelift-io/stacks"},
		{"Understudy in front, as the gateway", s.Understudy[0].URL, "/api/spacelift-io/stacks"},
	}
	if err := compare(ctx, p, s, user, false, stacks); err != nil {
		return err
	}
	if err := compare(ctx, p, s, user, true, stacks); err != nil {
		return err
	}
	// What the gateway adds to Node's own answers.
	const entity = "/api/catalog/entities/by-name/component/default/edge"
	return compare(ctx, p, s, user, false, []way{
		{"Node's catalog, by-name, asked directly", s.Node.URL, entity}, {"the same through our gateway", s.Understudy[0].URL, entity},
	})
}

// rounds is how often each way is measured, in turn with the others, because the machine is not equally busy all the time.
const rounds = 3

// compare measures several ways to the same, over one connection and over many. Of the rounds that with the median of the
// medians counts.
func compare(ctx context.Context, p plan, s *stage.Stage, user string, conditional bool, ways []way) error {
	for _, connections := range []int{1, p.connections} {
		results, calls, requests := make([][]result, len(ways)), make([]int, len(ways)), make([]int, len(ways))
		for range rounds {
			for i, w := range ways {
				got, n, err := w.measure(ctx, p, s, user, conditional, connections)
				if err != nil {
					return fmt.Errorf("%s: %w", w.what, err)
				}
				results[i], calls[i], requests[i] = append(results[i], got), calls[i]+n, requests[i]+got.requests
			}
		}
		var first result
		for i, w := range ways {
			slices.SortFunc(results[i], func(a, b result) int { return cmp.Compare(a.p50, b.p50) })
			got := results[i][rounds/2]
			if i == 0 {
				first = got
			}
			what := w.what
			if conditional {
				what += ", If-None-Match"
			}
			row(what, fmt.Sprint(connections), rounded(got.p50), rounded(got.p99), fmt.Sprintf("%.2f", float64(got.p50)/float64(first.p50)),
				fmt.Sprintf("%.0f", got.perSecond()), fmt.Sprint(got.bytes), fmt.Sprintf("%d for %d requests", calls[i], requests[i]))
		}
	}
	return nil
}

// measure asks on one way as a browser does, and counts the calls of Spacelift meanwhile.
func (w way) measure(ctx context.Context, p plan, s *stage.Stage, user string, conditional bool, connections int) (result, int, error) {
	headers := []string{"Accept-Encoding: gzip, deflate, br"}
	if conditional {
		answer, err := stage.Ask(ctx, http.MethodGet, w.base+w.path, user, nil, "Accept-Encoding", "gzip, deflate, br")
		if err != nil {
			return result{}, 0, err
		}
		headers = append(headers, "If-None-Match: "+answer.Header.Get("ETag"))
	}
	request := "GET " + w.path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + user + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
	addr := strings.TrimPrefix(w.base, "http://")
	if _, err := hammer(ctx, addr, connections, p.each/4, []string{request}); err != nil { // warm up
		return result{}, 0, err
	}
	before := asked(s)
	got, err := hammer(ctx, addr, connections, p.each/2, []string{request})
	return got, asked(s) - before, err
}

func rounded(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// asked is how many calls the account has had.
func asked(s *stage.Stage) int {
	list := s.Spacelift.Requests()
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].Number
}

type syncStatus struct {
	Stacks int
	Synced struct{ Complete bool }
}

func statusOf(ctx context.Context, s *stage.Stage) (status syncStatus) {
	answer, err := stage.Ask(ctx, http.MethodGet, s.Understudy[0].URL+"/api/spacelift-io/v1/status", stage.Token, nil)
	if err == nil {
		_ = json.Unmarshal(answer.Body, &status) // what is no answer yet is not complete
	}
	return status
}

func stacksOf(ctx context.Context, s *stage.Stage) int { return statusOf(ctx, s).Stacks }

// awaitSync waits until Understudy has seen the whole account.
func awaitSync(ctx context.Context, s *stage.Stage) error {
	return poll(ctx, 5*time.Minute, 200*time.Millisecond, func() (bool, error) { return statusOf(ctx, s).Synced.Complete, nil })
}

// poll waits until the condition holds.
func poll(ctx context.Context, limit, each time.Duration, good func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("did not come about in %s", limit))
	defer cancel()
	ticker := time.NewTicker(each)
	defer ticker.Stop()
	for {
		if ok, err := good(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
