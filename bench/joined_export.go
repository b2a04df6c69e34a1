package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/test/joined/stage"
)

// measureJoinedExport exports Node's catalog to the Rely simulator, twice.
func measureJoinedExport(ctx context.Context, p plan) error {
	return onStage(ctx, p, stage.Options{
		Entities: p.joined.entities, Tap: true, Rely: rely.Options{Limits: &rely.Limits{}, Timers: &rely.Timers{}},
		// Node processes everything again and again, a tenth of it at any time: that would be measured, too.
		Node: map[string]string{"APP_CONFIG_catalog_processingInterval": `{"hours": 24}`},
		Understudy: map[string]string{
			"APP_CONFIG_rely_cron_enabled": "false", "APP_CONFIG_rely_limits_ratePerMinute": "0", "APP_CONFIG_rely_limits_concurrency": "4",
		},
	}, func(s *stage.Stage) error { return exportJoined(ctx, p, s) })
}

func exportJoined(ctx context.Context, p plan, s *stage.Stage) error {
	fmt.Printf("\n| joined, export of %d entities | entities/s | took | requests | CPU of Node | CPU of Understudy |\n|---|---|---|---|---|---|\n", stage.Base+p.joined.entities)
	all := append([]*stage.Process{s.Node}, s.Understudy...)
	for _, process := range all {
		if err := process.Launch(ctx); err != nil {
			return err
		}
	}
	for _, process := range all {
		if err := process.Ready(ctx); err != nil {
			return err
		}
	}
	began, before := time.Now(), meters(s)
	if err := processed(ctx, s, stage.Base+p.joined.entities); err != nil {
		return err
	}
	measured(s, "Node processes them", before, stage.Base+p.joined.entities, time.Since(began), "")
	if err := rest(ctx); err != nil {
		return err
	}
	if err := walkBare(ctx, s); err != nil {
		return err
	}
	for _, what := range []string{"export", "again, unchanged"} {
		before := meters(s)
		run, err := exportOnce(ctx, s)
		if err != nil {
			return err
		}
		measured(s, what, before, run.Counts.Read, run.took(), fmt.Sprintf(", %d to Rely", run.Counts.Requests))
	}
	return nil
}

// processed waits until Node has done with all entities.
func processed(ctx context.Context, s *stage.Stage, entities int) error {
	address, err := s.Database("catalog")
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	quiet := 0 // looks in a row that found nothing to do
	return poll(ctx, 40*time.Minute, time.Second, func() (bool, error) {
		var ready, due int
		err := conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM final_entities WHERE final_entity IS NOT NULL),
			(SELECT count(*) FROM refresh_state WHERE next_update_at <= now())`).Scan(&ready, &due)
		if quiet++; ready < entities || due > 0 {
			quiet = 0
		}
		return quiet >= 5, err
	})
}

// walkBare is the same walk by a client that does nothing with the pages: what Node can give.
func walkBare(ctx context.Context, s *stage.Stage) error {
	before, began, cursor, read := meters(s), time.Now(), "", 0
	for {
		query := url.Values{"limit": {"500"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var page struct {
			Items    []struct{ Kind string }
			PageInfo struct{ NextCursor string }
		}
		if err := stage.Want(ctx, http.StatusOK, &page, http.MethodGet, s.Tap.URL+"/api/catalog/entities/by-query?"+query.Encode(), stage.Token, nil); err != nil {
			return err
		}
		read += len(page.Items)
		if cursor = page.PageInfo.NextCursor; cursor == "" {
			break
		}
	}
	measured(s, "a walk that does nothing with it", before, read, time.Since(began), "")
	return nil
}

func exportOnce(ctx context.Context, s *stage.Stage) (run exportRun, err error) {
	var started struct{ RunID string }
	ours := s.Understudy[0].URL + "/api/rely"
	if err := stage.Want(ctx, http.StatusAccepted, &started, http.MethodPost, ours+"/migrate", stage.Token, nil); err != nil {
		return run, err
	}
	err = poll(ctx, 20*time.Minute, 100*time.Millisecond, func() (bool, error) {
		run = exportRun{}
		err := stage.Want(ctx, http.StatusOK, &run, http.MethodGet, ours+"/runs/"+started.RunID, stage.Token, nil)
		return run.Status != "running" && run.Status != "queued", err
	})
	if err == nil && run.Status != "succeeded" {
		err = errors.New("the run is " + run.Status + ": " + run.Error)
	}
	return run, err
}

// meter is what both sides have used so far.
type meter struct {
	node, ours time.Duration
	asked      map[string]int
}

func meters(s *stage.Stage) meter {
	return meter{cpuOf(s.Node.PID()), cpuOf(s.Understudy[0].PID()), s.Tap.Counts()}
}

func measured(s *stage.Stage, what string, before meter, entities int, took time.Duration, more string) {
	now := meters(s)
	pages, others := 0, 0
	for request, n := range now.asked {
		if n -= before.asked[request]; strings.HasSuffix(request, "/entities/by-query") {
			pages += n
		} else {
			others += n
		}
	}
	row(what, fmt.Sprintf("%.0f", float64(entities)/took.Seconds()), took.Round(10*time.Millisecond).String(),
		fmt.Sprintf("%d pages and %d others of Node%s", pages, others, more), (now.node - before.node).String(), (now.ours - before.ours).String())
}
