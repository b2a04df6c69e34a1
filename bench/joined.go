package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
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
			Official: true, Spacelift: spacelift.Options{Preset: account, Speed: 1},
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
	synced := func() error { return awaitSync(ctx, s) }
	if err := synced(); err != nil {
		return err
	}
	user, err := s.SignIn(ctx, "user:default/jane", "group:default/platform")
	if err != nil {
		return err
	}
	fmt.Printf("\n| joined, %d stacks (account %s) | connections | p50 | p99 | req/s | bytes | calls of Spacelift |\n|---|---|---|---|---|---|---|\n", stacksOf(ctx, s), account)
	own := way{"Node's own plugin", s.Node.URL, "/api/spacelift-io/stacks"}
	ways := []way{
		own,
		{"Understudy, through Node's proxy entry", s.Node.URL, "/api/proxy/understudy/spacelift-io/stacks"},
		{"Understudy in front, as the gateway", s.Understudy[0].URL, "/api/spacelift-io/stacks"},
	}
	for _, conditional := range []bool{false, true} {
		for _, w := range ways {
			if err := w.measure(ctx, p, s, user, conditional); err != nil {
				return err
			}
		}
	}
	if account != spacelift.Large { // what the gateway adds to Node's own answers
		const path = "/api/catalog/entities/by-name/component/default/edge"
		for _, w := range []way{{"Node's catalog, by-name, asked directly", s.Node.URL, path}, {"the same through our gateway", s.Understudy[0].URL, path}} {
			if err := w.measure(ctx, p, s, user, false); err != nil {
				return err
			}
		}
	}
	return nil
}

// measure asks on one way, over one connection and over many.
func (w way) measure(ctx context.Context, p plan, s *stage.Stage, user string, conditional bool) error {
	what, headers := w.what, []string{"Accept-Encoding: gzip, deflate, br"}
	if conditional {
		answer, err := stage.Ask(ctx, http.MethodGet, w.base+w.path, user, nil, "Accept-Encoding", "gzip, deflate, br")
		if err != nil {
			return err
		}
		what += ", If-None-Match"
		headers = append(headers, "If-None-Match: "+answer.Header.Get("ETag"))
	}
	request := "GET " + w.path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + user + "\r\n" + strings.Join(headers, "\r\n") + "\r\n\r\n"
	addr := strings.TrimPrefix(w.base, "http://")
	for _, connections := range []int{1, p.connections} {
		if _, err := hammer(ctx, addr, connections, p.each/2, []string{request}); err != nil { // warm up
			return fmt.Errorf("%s: %w", what, err)
		}
		before := asked(s)
		got, err := hammer(ctx, addr, connections, p.each, []string{request})
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		calls := asked(s) - before
		row(what, fmt.Sprint(connections), rounded(got.p50), rounded(got.p99), fmt.Sprintf("%.0f", got.perSecond()), fmt.Sprint(got.bytes),
			fmt.Sprintf("%d for %d requests", calls, got.requests))
	}
	return nil
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
