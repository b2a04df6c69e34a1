package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// measureReplicas starts a second process on the same database and measures how long after the answer to a deletion on
// the first the second no longer has the entity.
func (s *subject) measureReplicas(ctx context.Context) error {
	text, err := os.ReadFile(s.config)
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	second := &subject{plan: s.plan, dir: s.dir, addr: "127.0.0.1:" + port, config: filepath.Join(s.dir, "second.yaml")}
	text = bytes.ReplaceAll(text, []byte(s.addr), []byte(second.addr))
	if err := os.WriteFile(second.config, text, 0o600); err != nil {
		return err
	}
	if _, err := second.start(ctx); err != nil {
		return err
	}
	var waits []time.Duration
	for i := range 20 {
		wait, err := s.deleteAndWait(ctx, second, fmt.Sprintf("component-%06d", i*20+5))
		if err != nil {
			return err
		}
		waits = append(waits, wait)
	}
	slices.Sort(waits)
	row("a write seen by another process, 20 times", waits[len(waits)/2].Round(100*time.Microsecond).String()+" median",
		waits[len(waits)-1].Round(100*time.Microsecond).String()+" slowest")
	return second.stop()
}

// deleteAndWait deletes a component on s, and returns how long other still had it.
func (s *subject) deleteAndWait(ctx context.Context, other *subject, name string) (time.Duration, error) {
	var component struct{ Metadata struct{ UID string } }
	_, body := s.ask(ctx, "/api/catalog/entities/by-name/component/default/"+name)
	if err := json.Unmarshal(body, &component); err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	path := "/api/catalog/entities/by-uid/" + component.Metadata.UID
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, "http://"+s.addr+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Client{Timeout: 10 * time.Second}).Do(req)
	if err != nil {
		return 0, err
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
		return 0, fmt.Errorf("delete %s: %s %w", name, resp.Status, err)
	}
	began := time.Now()
	err = s.until(ctx, 10*time.Second, time.Millisecond, func() bool {
		status, _ := other.ask(ctx, path)
		return status == http.StatusNotFound
	})
	return time.Since(began), err
}
