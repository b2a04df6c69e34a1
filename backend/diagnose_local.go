package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/schedule"
)

// local tells of the configuration, the address and the plugins that could not be set up. Nothing is asked of anybody.
func (d *diagnosis) local() []host.Step {
	s := d.s
	what := about{"config", "the configuration"}
	steps := []host.Step{what.passed("no mistakes, %s", plural(len(s.warnings), "warning"))}
	for _, w := range s.warnings {
		id := "config"
		if w.Path != "" {
			id += "." + w.Path
		}
		text := w
		text.Hint, text.Path = "", ""
		steps = append(steps, about{id, "the configuration at " + w.Path}.warning(orElse(w.Hint, "correct it, or leave it out"), "%s", text.Error()))
	}
	steps = append(steps, d.listening())
	for _, h := range s.hosted {
		if h.failed != nil && !unopened(h.failed) {
			steps = append(steps, about{"plugin." + h.plugin.ID(), "the plugin " + h.plugin.ID()}.failed(
				"see docs/check.md, plugin.<id>; the message names the key", "%s", h.failed.Error()))
		}
	}
	return steps
}

// unopened tells that a plugin failed for its store, which has a step of its own.
func unopened(err error) bool {
	_, ok := errors.AsType[*database.Error](err)
	return ok
}

func (d *diagnosis) listening() host.Step {
	what := about{"listen", "the address to serve at"}
	switch {
	case d.s.listenErr != nil:
		reason, fix, _ := strings.Cut(d.s.listenErr.Error(), "; ") // as router.ExplainListen writes it
		return what.failed(orElse(fix, "change backend.listen"), "%s", reason)
	case d.s.options.beside:
		return what.passed("%s: a server of this configuration runs there, and was looked at from beside", d.s.settings.router.Listen)
	default:
		return what.passed("%s", d.s.settings.router.Listen)
	}
}

// databases writes to every plugin's store.
func (d *diagnosis) databases(ctx context.Context) []host.Step {
	var checks []func() []host.Step
	for _, h := range d.s.hosted {
		if _, page := h.plugin.(host.OnlyHere); page {
			continue // keeps nothing
		}
		checks = append(checks, func() []host.Step { return []host.Step{d.database(ctx, h.plugin.ID())} })
	}
	steps := together(checks...)
	for _, s := range steps {
		if s.Outcome == host.StepFailed {
			d.broken[strings.TrimPrefix(s.ID, "database.")] = s.ID
		}
	}
	return steps
}

func (d *diagnosis) database(ctx context.Context, plugin string) host.Step {
	what := about{"database." + plugin, "the store of " + plugin}
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("no answer within %s", stepTimeout))
	defer cancel()
	db, err := d.s.databases.Plugin(ctx, plugin)
	if err != nil {
		return what.failed(fixOf(err), "%s", withoutFix(err))
	}
	r, err := db.Check(ctx)
	if err != nil {
		return what.failed(fixOf(err), "%s", withoutFix(err))
	}
	state := "nothing in it yet"
	if len(r.Components) > 0 {
		state = "schema versions: " + strings.Join(r.Components, ", ")
	}
	if d.s.settings.database.For(plugin).SQLite.Temporary {
		r.Doubts = append(r.Doubts, "it is temporary and goes with the process")
	}
	if len(r.Doubts) > 0 {
		return what.warning("ask whoever runs the database; docs/database.md says what is lost", "%s (%s): %s", db, r.Version, strings.Join(r.Doubts, "; "))
	}
	return what.passed("%s (%s), written and read; %s", db, r.Version, state)
}

// pluginChecks are what the plugins look at themselves.
func (d *diagnosis) pluginChecks(ctx context.Context) []func() []host.Step {
	var checks []func() []host.Step
	for _, h := range d.s.hosted {
		checker, ok := h.plugin.(host.SelfChecker)
		if !ok {
			continue
		}
		checks = append(checks, func() []host.Step {
			what := about{"plugin." + h.plugin.ID() + ".self", "what " + h.plugin.ID() + " depends on"}
			if step, ok := d.broken[h.plugin.ID()]; ok {
				return []host.Step{what.waits(step)}
			}
			if h.failed != nil {
				return []host.Step{what.waits("plugin." + h.plugin.ID())}
			}
			ctx, cancel := context.WithTimeout(ctx, 2*stepTimeout)
			defer cancel()
			return checker.SelfCheck(ctx)
		})
	}
	return checks
}

// tasks tells of each plugin's recurring tasks.
func (d *diagnosis) tasks(ctx context.Context) []host.Step {
	var steps []host.Step
	for _, h := range d.s.hosted {
		tasks := h.scheduler()
		if tasks == nil {
			continue
		}
		id := h.plugin.ID()
		what := about{"tasks." + id, "the recurring tasks of " + id}
		if step, ok := d.broken[id]; ok {
			steps = append(steps, what.waits(step))
			continue
		}
		if d.s.options.inspectOnly && !d.s.options.beside {
			steps = append(steps, what.skipped("the server is not running, and this look at it runs no tasks"))
			continue
		}
		some, err := within(ctx, tasks.Tasks)
		if err != nil {
			steps = append(steps, what.failed("see database."+id, "%s", err.Error()))
			continue
		}
		steps = append(steps, tasksStep(what, some, time.Now()))
	}
	return steps
}

func tasksStep(what about, tasks []schedule.Status, now time.Time) host.Step {
	var lines, ill []string
	for _, t := range tasks {
		switch {
		case t.Task == nil:
			lines = append(lines, t.TaskID+" has not begun")
		case t.Task.StartsAt != nil:
			lines = append(lines, t.TaskID+" next at "+t.Task.StartsAt.UTC().Format(time.RFC3339))
			if now.Sub(t.Task.StartsAt.Time) > time.Minute {
				ill = append(ill, t.TaskID+" is overdue since "+t.Task.StartsAt.UTC().Format(time.RFC3339))
			}
		case t.Task.Status == "running":
			lines = append(lines, t.TaskID+" is running")
		default:
			lines = append(lines, t.TaskID+" "+t.Task.Status)
		}
		if t.Task != nil && t.Task.LastRunError != "" {
			ill = append(ill, t.TaskID+" failed last time: "+taskError(t.Task.LastRunError))
		}
	}
	if len(ill) > 0 {
		return what.warning("the server's log says more; System → Tasks starts a task at once", "%s", strings.Join(ill, "; "))
	}
	if len(lines) == 0 {
		return what.passed("none")
	}
	return what.passed("%s", strings.Join(lines, ", "))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// within calls with a step's deadline.
func within[T any](ctx context.Context, f func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stepTimeout, fmt.Errorf("no answer within %s", stepTimeout))
	defer cancel()
	return f(ctx)
}

// hostedIDs are the plugins that call others in their own name: all but those that only show things.
func (d *diagnosis) hostedIDs() []string {
	var ids []string
	for _, h := range d.s.hosted {
		if _, page := h.plugin.(host.OnlyHere); !page {
			ids = append(ids, h.plugin.ID())
		}
	}
	slices.Sort(ids)
	return ids
}
