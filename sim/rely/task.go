package rely

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// task is a bulk upsert on its way. When it begins and ends is known when it is made.
type task struct {
	id      string
	number  int
	by      string
	batch   []incoming // nil once it has ended
	size    int
	params  parameters
	created time.Time
	begins  time.Time
	ends    time.Time
	fault   string
	culprit string // the entity that a fault names
	ended   bool
	failure *taskError
}

type taskError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// tasks are in the order of their making.
type tasks struct {
	made    int
	byID    map[string]*task
	open    []*task
	done    []*task     // oldest end first
	workers []time.Time // when each is free
}

// place gives a task to the worker that is free first.
func (t *tasks) place(task *task, timers Timers) {
	task.begins = task.created.Add(time.Duration(timers.CreatedFor))
	run := time.Duration(timers.RunBase) + time.Duration(task.size)*time.Duration(timers.RunPerEntity)
	if timers.Workers == 0 || task.fault == TaskStuck || task.fault == TaskLost {
		task.ends = task.begins.Add(run)
		return
	}
	for len(t.workers) < timers.Workers {
		t.workers = append(t.workers, time.Time{})
	}
	t.workers = t.workers[:timers.Workers]
	first := 0
	for i, free := range t.workers {
		if free.Before(t.workers[first]) {
			first = i
		}
	}
	if t.workers[first].After(task.begins) {
		task.begins = t.workers[first]
	}
	task.ends = task.begins.Add(run)
	t.workers[first] = task.ends
}

// settle ends what is due, in the order of the ends, and forgets what is old.
func (s *Server) settle(now time.Time) {
	if len(s.tasks.open) > 0 {
		var due []*task
		s.tasks.open = slices.DeleteFunc(s.tasks.open, func(t *task) bool {
			if t.fault == TaskStuck || t.fault == TaskLost || t.ends.After(now) {
				return false
			}
			due = append(due, t)
			return true
		})
		slices.SortFunc(due, func(a, b *task) int { return cmp.Or(a.ends.Compare(b.ends), cmp.Compare(a.number, b.number)) })
		for _, t := range due {
			s.end(t)
		}
	}
	s.forget(now)
}

func (s *Server) forget(now time.Time) {
	ttl := time.Duration(s.timers.TaskTTL)
	if ttl == 0 {
		return
	}
	for len(s.tasks.done) > 0 && !s.tasks.done[0].ends.Add(ttl).After(now) {
		delete(s.tasks.byID, s.tasks.done[0].id)
		s.tasks.done = s.tasks.done[1:]
	}
	s.tasks.open = slices.DeleteFunc(s.tasks.open, func(t *task) bool {
		old := !t.ends.Add(ttl).After(now)
		if old {
			delete(s.tasks.byID, t.id)
		}
		return old
	})
}

// end does a task's work.
func (s *Server) end(t *task) {
	if t.fault == TaskFail {
		t.failure = &taskError{Type: "EntityValidationError", Message: "Entity " + t.culprit + ": rejected"}
	} else if why := s.apply(t.batch, t.params, t.by, t.ends); why != nil {
		t.failure = &taskError{Type: "EntityValidationError", Message: why.message}
	}
	t.batch, t.ended = nil, true
	s.tasks.done = append(s.tasks.done, t)
}

// status is what a task says of itself: created, running, success or failed.
func (t *task) status(now time.Time) string {
	switch {
	case t.ended && t.failure != nil:
		return "failed"
	case t.ended:
		return "success"
	case t.begins.After(now):
		return "created"
	default:
		return "running"
	}
}

// taskView is a task as the API shows it.
type taskView struct {
	ID     string     `json:"id"`
	Type   string     `json:"type"`
	Status string     `json:"status"`
	Error  *taskError `json:"error"`
}

func (s *Server) viewTask(t *task, now time.Time) taskView {
	v := taskView{ID: t.id, Type: "entities_bulk_upsert", Status: t.status(now), Error: t.failure}
	switch s.switches.Casing {
	case "upper":
		v.Type, v.Status = strings.ToUpper(v.Type), strings.ToUpper(v.Status)
	case "camel":
		v.Type = "entitiesBulkUpsert"
	}
	return v
}

func (s *Server) getTask(r *request) answer {
	if s.switches.Tasks == "off" {
		return off()
	}
	t, ok := s.tasks.byID[r.PathValue("id")]
	if !ok || t.fault == TaskLost && !t.begins.After(r.sim) {
		return refuse(http.StatusNotFound, "not_found", "Task with id %s not found", r.PathValue("id"))
	}
	return reply(http.StatusOK, s.viewTask(t, r.sim))
}

func (s *Server) createTask(r *request) answer {
	if s.switches.Tasks == "off" {
		return off()
	}
	payload, params, problems := s.readTask(r.doc)
	if len(problems) > 0 {
		return invalid(problems, true)
	}
	if most := s.limits.OpenTasks; most > 0 && len(s.tasks.open) >= most {
		return s.tooMany(r)
	}
	batch, refused := s.readPayload(r, payload, "body", "data", "payload")
	if refused != nil {
		return *refused
	}
	s.tasks.made++
	t := &task{
		id: fmt.Sprintf("%08x-5e1f-4000-8000-%012x", uint32(s.options.Seed), s.tasks.made), number: s.tasks.made,
		by: r.token.User, batch: batch, size: len(batch), params: params, created: r.sim,
	}
	if r.fault != nil && r.fault.Action.Task != "" {
		t.fault, t.culprit = r.fault.Action.Task, r.fault.Match.Entity
		if t.culprit == "" && len(batch) > 0 {
			t.culprit = batch[0].id
		}
	}
	s.tasks.place(t, s.timers)
	s.tasks.byID[t.id] = t
	s.tasks.open = append(s.tasks.open, t)
	created := s.viewTask(t, t.created.Add(-1)) // it has been created, whatever the timers
	s.settle(r.sim)
	return reply(http.StatusCreated, taskView{ID: created.ID, Type: created.Type, Status: created.Status})
}

// tooMany refuses a task because of those that are open, until the first of them ends.
func (s *Server) tooMany(r *request) answer {
	wait := time.Minute
	for _, t := range s.tasks.open {
		if left := t.ends.Sub(r.sim); left > 0 {
			wait = min(wait, time.Duration(float64(left)/s.clock.speed))
		}
	}
	a := refuse(http.StatusTooManyRequests, "limited", "Too many open tasks")
	return a.set("Retry-After", s.bucket(r.token.Value).retryAfter(r.now, wait))
}

// readTask reads all of a task but the entities. Names are taken in any casing.
func (s *Server) readTask(doc document) (payload []document, p parameters, problems []problem) {
	kind, ok := doc.at("type")
	if !ok {
		problems = append(problems, problem{Loc: []any{"body", "type"}, Msg: "Field required", Type: "missing"})
	} else if plain(kind.str()) != "entitiesbulkupsert" {
		problems = append(problems, problem{Loc: []any{"body", "type"}, Msg: "Input should be 'entities_bulk_upsert'", Type: "enum"})
	}
	data, _ := doc.at("data")
	list, ok := data.at("payload")
	if !ok {
		problems = append(problems, problem{Loc: []any{"body", "data", "payload"}, Msg: "Field required", Type: "missing"})
	} else if list.kind() != '[' {
		problems = append(problems, problem{Loc: []any{"body", "data", "payload"}, Msg: "Input should be a valid list", Type: "list_type"})
	}
	given, _ := data.at("parameters")
	for _, m := range given.members() {
		problems = append(problems, p.read(m)...)
		switch plain(m.key) {
		case "patch", "unmappedproperties", "updatepropertiesandrelationsonly":
		default:
			s.stats.unknown([]string{"parameters." + m.key})
		}
	}
	return list.elements(), p, problems
}

// read takes one parameter over.
func (p *parameters) read(m member) []problem {
	yes := m.value == "true"
	isBool := yes || m.value == "false"
	loc := []any{"body", "data", "parameters", m.key}
	switch plain(m.key) {
	case "patch":
		p.patch = yes
	case "updatepropertiesandrelationsonly":
		p.limited = yes
	case "unmappedproperties":
		p.reject = m.value.str() == "reject"
		if !p.reject && m.value.str() != "ignore" {
			return []problem{{Loc: loc, Msg: "Input should be 'ignore' or 'reject'", Type: "enum"}}
		}
		return nil
	default:
		return nil
	}
	if !isBool {
		return []problem{{Loc: loc, Msg: "Input should be a valid boolean", Type: "bool_type"}}
	}
	return nil
}

// plain is a name without its casing.
func plain(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}
