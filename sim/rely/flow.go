package rely

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Flows are kept as they come; nothing runs them.

func (s *Server) listFlows(r *request) answer {
	ids := make([]string, 0, len(s.flows))
	for id := range s.flows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	items := make([]document, 0, len(ids))
	for _, id := range ids {
		if filterFlow(s.flows[id], r.URL.Query()["filters"]) {
			items = append(items, s.flows[id])
		}
	}
	return reply(http.StatusOK, page{Items: items, Total: len(items), CurrentPage: cursor("")})
}

// filterFlow knows `field:eq:value`, the one form that was seen.
func filterFlow(flow document, filters []string) bool {
	return !slices.ContainsFunc(filters, func(f string) bool {
		field, value, ok := strings.Cut(f, ":eq:")
		have, _ := flow.at(field)
		return ok && have.str() != value
	})
}

func (s *Server) getFlow(r *request) answer {
	flow, ok := s.flows[r.PathValue("id")]
	if !ok {
		return refuse(http.StatusNotFound, "not_found", "Flow with id %s not found", r.PathValue("id"))
	}
	return reply(http.StatusOK, flow)
}

func (s *Server) putFlow(r *request) answer {
	if r.doc.kind() != '{' {
		return invalid([]problem{{Loc: []any{"body"}, Msg: "Input should be a valid dictionary", Type: "dict_type"}}, true)
	}
	trigger, _ := r.doc.at("trigger")
	if id, ok := trigger.at("blueprintId"); ok && s.blueprints[id.str()] == nil {
		return refuse(http.StatusBadRequest, "invalid", "Automation error: Blueprint with id %s not found", id.str())
	}
	id := r.PathValue("id")
	s.flows[id] = object(merged(r.doc.members(), []member{{key: "id", value: quote(id)}}))
	return reply(http.StatusOK, s.flows[id])
}

// takeRaw answers the webhook of raw mode, whose form is a guess: `{"entities": […]}`, or the list alone.
func (s *Server) takeRaw(r *request) answer {
	list, ok := r.doc.at("entities")
	if !ok {
		list = r.doc
	}
	if list.kind() != '[' {
		return invalid([]problem{{Loc: []any{"body", "entities"}, Msg: "Field required", Type: "missing"}}, true)
	}
	var problems []problem
	raw := map[string]document{}
	for i, e := range list.elements() {
		kind, _ := e.at("kind")
		metadata, _ := e.at("metadata")
		name, _ := metadata.at("name")
		namespace, _ := metadata.at("namespace")
		if kind.str() == "" || name.str() == "" {
			problems = append(problems, problem{Loc: []any{"body", "entities", i}, Msg: "kind and metadata.name are required", Type: "missing"})
			continue
		}
		in := namespace.str()
		if in == "" {
			in = "default"
		}
		raw[strings.ToLower(kind.str()+":"+in+"/"+name.str())] = document(strings.Clone(string(e)))
	}
	if len(problems) > 0 {
		return invalid(problems, s.switches.Loc == "on")
	}
	maps.Copy(s.raw, raw)
	return reply(http.StatusAccepted, map[string]int{"accepted": len(raw)})
}
