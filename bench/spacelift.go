package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

// viewers is how many browsers look at the list of stacks at once.
const viewers = 50

// measureSpacelift has viewers poll the stacks of an account of 10,000, and counts what that costs upstream.
func measureSpacelift(ctx context.Context, p plan, section string) error {
	account, err := startSim(ctx, p, "spacelift", "--preset", "large", "--instant", "--speed", "1")
	if err != nil {
		return err
	}
	defer account.stop()
	s, err := newSubject(p, section)
	if err != nil {
		return err
	}
	defer s.remove()
	if err := s.add(fmt.Sprintf("spacelift: {hostUrl: bench, apiUrl: 'http://%s', apiKey: %s, apiSecret: %s}\n", account.addr, spacelift.AdminKey, spacelift.Secret)); err != nil {
		return err
	}
	began := time.Now()
	if _, err := s.start(ctx); err != nil {
		return err
	}
	var status struct {
		Stacks int
		Synced struct{ Complete bool }
	}
	if err := s.until(ctx, 5*time.Minute, 50*time.Millisecond, func() bool {
		_, body := s.ask(ctx, "/api/spacelift-io/v1/status")
		return json.Unmarshal(body, &status) == nil && status.Synced.Complete
	}); err != nil {
		return fmt.Errorf("first sync: %w", err)
	}
	fmt.Print("\n| Spacelift, 10,000 stacks | | | |\n|---|---|---|---|\n")
	row("first sync", fmt.Sprintf("%d stacks", status.Stacks), time.Since(began).Round(time.Millisecond).String(), fmt.Sprintf("%.0f MiB RSS", s.memory()))
	for _, load := range []struct {
		what        string
		viewers     int
		conditional bool
	}{{"nobody looks", 0, false}, {"50 viewers, once a second, as browsers poll", viewers, true}, {"50 viewers, once a second, whole answers", viewers, false}} {
		before, err := account.calls(ctx)
		if err != nil {
			return err
		}
		cpu := s.cpu()
		latencies, notModified, err := s.poll(ctx, load.viewers, load.conditional)
		if err != nil {
			return err
		}
		after, err := account.calls(ctx)
		if err != nil {
			return err
		}
		values := []string{fmt.Sprintf("%d upstream calls in %s", after-before, p.watch)}
		if n := len(latencies); n > 0 {
			slices.Sort(latencies)
			values = append(values, fmt.Sprintf("p50 %s, p99 %s", latencies[n/2].Round(10*time.Microsecond), latencies[n*99/100].Round(10*time.Microsecond)),
				fmt.Sprintf("%d requests, %d of them 304", n, notModified))
		}
		row(load.what, append(values, fmt.Sprintf("%.1f %% of a core, %.0f MiB RSS", 100*(s.cpu()-cpu).Seconds()/p.watch.Seconds(), s.memory()))...)
	}
	return s.stop()
}

// poll has each viewer ask once a second, at a time of its own.
func (s *subject) poll(ctx context.Context, viewers int, conditional bool) (latencies []time.Duration, notModified int, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.plan.watch)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range viewers {
		wg.Go(func() {
			mine, unchanged, failed := s.view(ctx, time.Duration(i)*time.Second/time.Duration(viewers), conditional)
			mu.Lock()
			defer mu.Unlock()
			latencies, notModified, err = append(latencies, mine...), notModified+unchanged, errors.Join(err, failed)
		})
	}
	wg.Wait()
	<-ctx.Done()
	return latencies, notModified, err
}

// view is one viewer.
func (s *subject) view(ctx context.Context, offset time.Duration, conditional bool) (latencies []time.Duration, notModified int, err error) {
	client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableCompression: true}}
	defer client.CloseIdleConnections()
	timer := time.NewTimer(offset)
	defer timer.Stop()
	etag := ""
	for {
		select {
		case <-ctx.Done():
			return latencies, notModified, nil
		case <-timer.C:
			timer.Reset(time.Second)
		}
		req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, "http://"+s.addr+"/api/spacelift-io/stacks", nil)
		if err != nil {
			return nil, 0, err
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Accept-Encoding", "gzip, deflate, br")
		if conditional && etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		began := time.Now()
		resp, err := client.Do(req)
		if err != nil {
			return nil, 0, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close() // it was read to its end
		if err != nil || resp.StatusCode >= 400 {
			return nil, 0, fmt.Errorf("GET /stacks: %s %w", resp.Status, err)
		}
		latencies = append(latencies, time.Since(began))
		etag = resp.Header.Get("ETag")
		if resp.StatusCode == http.StatusNotModified {
			notModified++
		}
	}
}
