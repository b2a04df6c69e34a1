package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/test/fixture"
)

// exportRun is a run as far as it is measured.
type exportRun struct {
	Status, Error string
	Counts        struct {
		Read, Sent, Failed, Unchanged, Requests int
		Bytes, WireBytes                        float64
	}
	StartedAt, EndedAt time.Time
}

func (r exportRun) took() time.Duration { return r.EndedAt.Sub(r.StartedAt) }

// measureExport sends a whole catalog to Rely's simulator, without limits and then with those of both sides.
func measureExport(ctx context.Context, p plan, section string) error {
	fmt.Printf("\n| export, %d entities | | | | |\n|---|---|---|---|---|\n", p.exported)
	lifted := "limits: {ratePerMinute: 0, concurrency: 4}"
	for _, variant := range []struct {
		what, settings string
		sim            []string
	}{
		{"limits lifted", lifted, []string{"--unlimited"}},
		{"limits lifted, gzip", lifted + ", gzip: true", []string{"--unlimited"}},
		{"limits and timers at their defaults", "", nil},
	} {
		if err := exportVariant(ctx, p, section, variant.what, variant.settings, variant.sim); err != nil {
			return fmt.Errorf("%s: %w", variant.what, err)
		}
	}
	return nil
}

func exportVariant(ctx context.Context, p plan, section, what, settings string, args []string) error {
	sim, err := startSim(ctx, p, "rely", args...)
	if err != nil {
		return err
	}
	defer sim.stop()
	s, err := newSubject(p, section)
	if err != nil {
		return err
	}
	defer s.remove()
	glob, err := fixture.Write(filepath.Join(s.dir, "entities"), p.exported)
	if err != nil {
		return err
	}
	if err := s.configure(section, fmt.Sprintf("{type: file, target: %q}", glob)); err != nil {
		return err
	}
	if err := s.add(fmt.Sprintf("proxy: {endpoints: {/rely: {target: 'http://%s', headers: {Authorization: Bearer %s}}}}\nrely: {%s}\n", sim.addr, rely.Token, settings)); err != nil {
		return err
	}
	if _, err := s.start(ctx); err != nil {
		return err
	}
	if err := s.until(ctx, 20*time.Minute, 100*time.Millisecond, func() bool {
		return s.total(ctx, "&filter=metadata.annotations.example.com/pager") == p.exported
	}); err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	if err := rest(ctx); err != nil {
		return err
	}
	idle := s.memory()
	if err := s.forgetPeak(); err != nil {
		return err
	}
	run, err := s.export(ctx)
	if err != nil {
		return err
	}
	row(what, fmt.Sprintf("%.0f entities/s", float64(run.Counts.Sent)/run.took().Seconds()), run.took().Round(10*time.Millisecond).String(),
		fmt.Sprintf("%d requests, %.1f MiB, %.1f MiB on the wire", run.Counts.Requests, run.Counts.Bytes/(1<<20), run.Counts.WireBytes/(1<<20)),
		fmt.Sprintf("%.0f MiB idle, peak %.0f MiB above", idle, s.peak()-idle))
	again, err := s.export(ctx)
	if err != nil {
		return err
	}
	row(what+", again unchanged", fmt.Sprintf("%d unchanged", again.Counts.Unchanged), again.took().Round(10*time.Millisecond).String(),
		fmt.Sprintf("%d requests", again.Counts.Requests), "")
	return s.stop()
}

// export runs one and waits for its end.
func (s *subject) export(ctx context.Context) (exportRun, error) {
	status, body := s.send(ctx, http.MethodPost, "/api/rely/migrate?wait=600s", 11*time.Minute)
	var started struct{ Run *exportRun }
	if err := json.Unmarshal(body, &started); err != nil || status != http.StatusOK || started.Run == nil {
		return exportRun{}, fmt.Errorf("migrate: %d %w %.300s", status, err, body)
	}
	if started.Run.Status != "succeeded" {
		return *started.Run, errors.New("the run is " + started.Run.Status + ": " + started.Run.Error)
	}
	return *started.Run, nil
}
