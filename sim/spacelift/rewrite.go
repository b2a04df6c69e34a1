package spacelift

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// rewrite makes of a finished answer what a fault wants; resolvers know nothing of it.
func rewrite(body []byte, f Fault) []byte {
	var change func(map[string]any)
	switch f.Name {
	case "unknown_state":
		change = unknownState(f)
	case "null_field":
		change = nullField(f)
	case "empty_page":
		change = func(object map[string]any) {
			if info, ok := object["pageInfo"].(map[string]any); ok {
				object["edges"], info["hasNextPage"] = []any{}, true
			}
		}
	case "gql_error":
		return partial(body, f)
	default:
		return body
	}
	var answer map[string]any
	if json.Unmarshal(body, &answer) != nil {
		return body
	}
	walk(answer, change)
	changed, err := json.Marshal(answer)
	if err != nil {
		return body
	}
	return changed
}

// walk visits objects, those outside first and in the order of their names.
func walk(value any, visit func(map[string]any)) {
	switch v := value.(type) {
	case map[string]any:
		visit(v)
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			walk(v[name], visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

// unknownState gives one stack or run a state that nobody has heard of.
func unknownState(f Fault) func(map[string]any) {
	state, done := f.State, false
	if state == "" {
		state = "QUANTUM"
	}
	return func(object map[string]any) {
		if _, has := object["state"].(string); !has || done || f.Target != "" && object["id"] != f.Target {
			return
		}
		object["state"], done = state, f.Target == ""
	}
}

func nullField(f Fault) func(map[string]any) {
	names := f.Null
	if len(names) == 0 {
		names = []string{"spaceDetails"}
	}
	return func(object map[string]any) {
		if f.Target != "" && object["id"] != f.Target {
			return
		}
		for _, name := range names {
			if _, has := object[name]; has {
				object[name] = nil
			}
		}
	}
}

func partial(body []byte, f Fault) []byte {
	var answer map[string]json.RawMessage
	if !f.Partial || json.Unmarshal(body, &answer) != nil {
		return body
	}
	errors, err := json.Marshal([]any{f.gqlError()})
	if err != nil {
		return body
	}
	answer["errors"] = errors
	changed, err := json.Marshal(answer)
	if err != nil {
		return body
	}
	return changed
}

// pages counts the pages of searches, and keeps the last one of each for dup_page.
type pages struct {
	mu      sync.Mutex
	numbers map[string]int
	bodies  map[string][]byte
}

func newPages() *pages { return &pages{numbers: map[string]int{}, bodies: map[string][]byte{}} }

// search names the search of the call, empty if it is none.
func (c *call) search() string {
	for _, field := range c.scan.fields {
		if strings.HasPrefix(field, "search") {
			return c.entry.Key + " " + field
		}
	}
	return ""
}

// follows says that the call asks for a page after another.
func (c *call) follows() bool {
	input, ok := c.Variables["input"].(map[string]any)
	if !ok {
		input = c.Variables
	}
	after, ok := input["after"].(string)
	return ok && after != ""
}

func (p *pages) count(c *call) int {
	name := c.search()
	if name == "" {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.follows() {
		p.numbers[name] = 0
	}
	p.numbers[name]++
	return p.numbers[name]
}

func (p *pages) keep(c *call, body []byte) {
	if name := c.search(); name != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.bodies[name] = body
	}
}

func (p *pages) last(c *call) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bodies[c.search()]
}
