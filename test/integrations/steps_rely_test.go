package integrations_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// exported is an export's run.
type exported struct {
	ID, Status, Trigger, Error string
	StartedAt                  time.Time
	Counts                     struct{ Read, Filtered, Unchanged, Sent, Failed int }
}

func (w *walk) addRely(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		w.say(t, "nothing more: GET %s/rely/status %d", y.api[len(y.Node.URL):], get(t, y.api+"/rely/status", stage.Token, new(any)).Status)
	})
}

func (w *walk) pluginFile(t *testing.T) {
	if set() != legacySet {
		w.say(t, "no file in the new system; the page's file runs in the legacy set")
		return
	}
	w.say(t, "plugins/rely.ts, word for word, is what the backend runs since Spacelift's step 3: GET /api/rely/status %d",
		get(t, w.ways[0].url("/api/rely/status"), stage.Token, new(any)).Status)
}

func (w *walk) indexRely(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		a := ask(t, http.MethodGet, y.api+"/rely/status", "", nil)
		if a.Status != http.StatusUnauthorized {
			t.Errorf("without a token: %s", a)
		}
		what := "nothing to add"
		if set() == legacySet {
			what = "the page's three lines, word for word"
		}
		w.say(t, "%s; GET …/rely/status 200 with a token, %d without", what, a.Status)
	})
}

func (w *walk) configureRely(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		var status struct {
			Target   string
			Gzip     bool
			Schedule struct {
				Enabled bool
				Cron    string
			}
		}
		get(t, y.api+"/rely/status", stage.Token, &status)
		if status.Target != y.RelyURL || status.Gzip || !status.Schedule.Enabled || status.Schedule.Cron != "0 * * * *" {
			t.Errorf("what is in force: %+v", status)
		}
		y.write(t, "proxy: {endpoints: {'/rely': {target: https://magneto.rely.io, headers: {Authorization: Bearer newer}}}}\n")
		out, err := y.command(t, "config", "check")
		if err != nil {
			t.Errorf("below proxy.endpoints: %v\n%s", err, out)
		}
		y.write(t, "")
		w.say(t, "the page's block is in force: %+v; below proxy.endpoints config check passes too", status)
	})
}

// migrate starts an export and returns how it ended.
func (y *way) migrate(t *testing.T, method, token string) (a stage.Answer, run exported) {
	t.Helper()
	a = ask(t, method, y.api+"/rely/migrate?wait=25s", token, nil)
	var begun struct {
		RunID string
		Run   *exported
	}
	if a.Status/100 != 2 {
		return a, run
	}
	if err := a.JSON(&begun); err != nil {
		t.Fatal(err)
	}
	until(t, "the export ends", func() bool {
		get(t, y.api+"/rely/runs/"+begun.RunID, stage.Token, &run)
		return run.Status != "queued" && run.Status != "running"
	})
	return a, run
}

func (w *walk) once(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		none := ask(t, http.MethodPost, y.api+"/rely/migrate", "", nil)
		if none.Status != http.StatusUnauthorized {
			t.Errorf("without a token: %s", none)
		}
		token := stage.Token
		if set() != legacySet {
			token = y.signIn(t)
		}
		_, post := y.migrate(t, http.MethodPost, token)
		_, again := y.migrate(t, http.MethodGet, token)
		if post.Status != "succeeded" || again.Status != "succeeded" || len(y.Rely.IDs()) != stage.Base {
			t.Errorf("POST %+v, GET %+v, at Rely: %v", post, again, y.Rely.IDs())
		}
		w.say(t, "POST %s/rely/migrate: %s, sent %d, the simulated Rely has %d entities; GET: %s, unchanged %d; without a token %d %s",
			y.api[len(y.Node.URL):], post.Status, post.Counts.Sent, len(y.Rely.IDs()), again.Status, again.Counts.Unchanged, none.Status, none.Message())
		if y.name == byConfiguration {
			out, err := y.command(t, "export", "run")
			if err != nil || !strings.Contains(out, "succeeded") {
				t.Errorf("understudy export run: %v\n%s", err, out)
			}
			w.say(t, "understudy export run: %s", strings.Join(strings.Fields(out), " "))
		}
		// From here on as the next steps want it, too.
		y.with(t, "rely:\n  migrate: {allowUnauthenticated: true}\n  cron: {enabled: true, schedule: '*/2 * * * * *'}\n  "+
			strings.TrimSpace(w.page.block(t, "Rely: 7.", "yaml", 0))+"\n")
		open := ask(t, http.MethodPost, y.api+"/rely/migrate", "", nil)
		direct := open
		if y.name == byConfiguration { // Node's proxy wants a token all the same
			direct = ask(t, http.MethodPost, y.UnderstudyURL+"/api/rely/migrate", "", nil)
			if open.Status != http.StatusUnauthorized {
				t.Errorf("through the proxy without a token: %s", open)
			}
		}
		if direct.Status/100 != 2 {
			t.Errorf("allowUnauthenticated: %s", direct)
		}
		w.say(t, "with allowUnauthenticated, without a token: %d at that address, %d at Understudy's own", open.Status, direct.Status)
	})
}

// runs are those that the clock began and that ended, the newest first.
func (y *way) runs(t *testing.T) []exported {
	t.Helper()
	var page struct{ Items []exported }
	get(t, y.api+"/rely/runs", stage.Token, &page)
	return slices.DeleteFunc(page.Items, func(r exported) bool { return r.Trigger != "cron" || r.Status != "succeeded" })
}

func (w *walk) scheduled(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		before := y.Rely.Stats().Writes
		var begun []string
		var last exported
		until(t, "three runs of the schedule", func() bool {
			if list := y.runs(t); len(list) > 0 && list[0].ID != last.ID {
				last = list[0]
				begun = append(begun, last.StartedAt.Format("15:04:05"))
			}
			return len(begun) == 3
		})
		if last.Counts.Sent != 0 || last.Counts.Unchanged == 0 || y.Rely.Stats().Writes != before {
			t.Errorf("what has not changed is sent again: %+v", last)
		}
		w.say(t, "with '*/2 * * * * *' (six fields) runs began by themselves at %s; the last %s with unchanged %d, sent %d; writes at the simulator meanwhile: %d",
			strings.Join(begun, ", "), last.Status, last.Counts.Unchanged, last.Counts.Sent, y.Rely.Stats().Writes-before)
	})
}

func (w *walk) filters(t *testing.T) {
	w.each(t, func(t *testing.T, y *way) {
		want := 2 // a component and an API; the system is of another owner
		if set() != legacySet {
			want++
			system := func(name, owner string) map[string]any {
				return map[string]any{
					"apiVersion": "backstage.io/v1alpha1", "kind": "System", "metadata": map[string]any{"name": name}, "spec": map[string]any{"owner": owner},
				}
			}
			if a := ask(t, http.MethodPost, y.url("/api/probe/entities"), stage.Token, map[string]any{"add": []any{system("payments", "team-a"), system("search", "team-b")}}); a.Status/100 != 2 {
				t.Fatal(a)
			}
			until(t, "the new system is at the simulator", func() bool { return slices.Contains(y.Rely.IDs(), "system.default.payments") })
			until(t, "a run after it", func() bool { list := y.runs(t); return len(list) > 0 && list[0].Counts.Unchanged == want })
			if slices.Contains(y.Rely.IDs(), "system.default.search") {
				t.Error("what the filter leaves out is at the simulator")
			}
		}
		last := y.runs(t)[0]
		if got := last.Counts.Unchanged + last.Counts.Sent; got != want {
			t.Errorf("%d selected, not %d: %+v", got, want, last)
		}
		w.say(t, "the page's filter selects %d (%+v); entities at the simulator: %d, of which %d came before the filter", want, last.Counts, len(y.Rely.IDs()), stage.Base)
	})
}
