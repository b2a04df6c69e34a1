package catalog

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/host/config"
)

// Problem is one mistake in a descriptor file.
type Problem = ingest.Problem

// Validate checks descriptor files without storing anything: their YAML, the entities in them, and, for Location entities,
// the files they lead to. A path may be a file, a folder (every entity in a *.yaml or *.yml file of it) or a glob.
//
// With a configuration its catalog.rules are applied too; nil applies none. It returns how many entities were checked and
// what is wrong with them; the error is for paths that cannot be read at all. Of folders it leaves out what a scaffolder
// template fills in (folders content and skeleton beside a template.yaml), and what matches a glob of exclude.
func Validate(ctx context.Context, paths []string, c *config.Config, exclude ...string) (checked int, problems []Problem, err error) {
	settings := Config{Rules: nil}
	var rules ingest.Rules
	if c != nil {
		loaded, wrong := loadConfig(c)
		if err := wrong.Err(); err != nil {
			return 0, nil, err
		}
		settings = loaded
		if c.Has("catalog.rules") {
			rules = settings.Rules
		}
	}
	v := ingest.NewValidator(rules, settings.disabledProcessors, slog.New(slog.DiscardHandler))
	if err := v.Exclude(exclude...); err != nil {
		return 0, nil, fmt.Errorf("exclude: %w", err)
	}
	for _, path := range paths {
		if err := v.Add(path); err != nil {
			return 0, nil, fmt.Errorf("validate %s: %w", path, err)
		}
	}
	if err := v.Run(ctx); err != nil {
		return 0, nil, err
	}
	return v.Checked(), v.Problems(), nil
}
