package schedule

import (
	"context"
	"net/http"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// Mount serves the tasks' routes (core.md 9.4) to whoever the default policy lets in.
func (s *Scheduler) Mount(routes *router.Routes) {
	const tasks = "/.backstage/scheduler/v1/tasks"
	routes.Handle("GET "+tasks, s.handleTasks)
	routes.Handle("POST "+tasks+"/{task}/trigger", s.handle("task-trigger", s.Trigger))
	routes.Handle("POST "+tasks+"/{task}/cancel", s.handle("task-cancel", s.Cancel))
}

func (s *Scheduler) handleTasks(w http.ResponseWriter, r *http.Request) error {
	tasks, err := s.Tasks(r.Context())
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, struct {
		Tasks []Status `json:"tasks"`
	}{tasks})
}

// handle changes one task, and records who did.
func (s *Scheduler) handle(event string, change func(ctx context.Context, id string) error) router.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := r.PathValue("task")
		done := func(error) {}
		if s.opts.Audit != nil {
			done = s.opts.Audit.Event(r.Context(), telemetry.Event{
				Plugin: s.opts.Plugin, ID: event, Meta: map[string]any{"taskId": id},
			}).Done
		}
		err := change(r.Context(), id)
		done(err)
		if err != nil {
			return err
		}
		w.WriteHeader(http.StatusOK)
		return nil
	}
}
