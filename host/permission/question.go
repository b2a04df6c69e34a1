package permission

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/understudy-portal/understudy/entity"
)

// wireItem is one question on the wire (core.md 8.1).
type wireItem struct {
	ID string `json:"id"`
	// ResourceRef is a string, a list of them, or absent.
	ResourceRef any        `json:"resourceRef,omitempty"`
	Permission  Permission `json:"permission"`
}

// question is a request to the permission backend, and which of the answers belongs to which query.
type question struct {
	plugin  string
	queries []Query
	items   []wireItem
	// of holds the queries of each item by its id: one, or several that are asked together.
	of   map[string][]int
	body []byte
}

// newQuestion gives every query an item of its own. With permission.EXPERIMENTAL_enableBatchedRequests the queries about
// single resources share one for each permission, with all their refs.
func newQuestion(plugin string, queries []Query, batched bool) *question {
	q := &question{plugin: plugin, queries: queries, of: map[string][]int{}}
	together := map[Permission]int{}
	for i, asked := range queries {
		shared := batched && asked.ResourceRef != "" && asked.Permission.ResourceType != ""
		if at, ok := together[asked.Permission]; ok && shared {
			item := &q.items[at]
			if refs, ok := item.ResourceRef.([]string); ok {
				refs = append(refs, asked.ResourceRef)
				item.ResourceRef = refs
			}
			q.of[item.ID] = append(q.of[item.ID], i)
			continue
		}
		item := wireItem{ID: uuid.NewString(), Permission: asked.Permission}
		switch {
		case shared:
			item.ResourceRef = []string{asked.ResourceRef}
			together[asked.Permission] = len(q.items)
		case asked.ResourceRef != "" && asked.Permission.ResourceType != "":
			item.ResourceRef = asked.ResourceRef
		}
		q.items = append(q.items, item)
		q.of[item.ID] = []int{i}
	}
	// It is texts.
	q.body, _ = json.Marshal(struct {
		Items []wireItem `json:"items"`
	}{q.items})
	return q
}

// read takes the decisions out of an answer. Every id of the request must be there, once, and no other.
func (q *question) read(data []byte) ([]Decision, error) {
	o, err := entity.ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("the answer is no JSON object: %w", err)
	}
	list, ok := o.Path("items").([]any)
	if !ok {
		return nil, errors.New("the answer has no items")
	}
	if len(list) != len(q.items) {
		return nil, fmt.Errorf("the answer has %d items for %d questions", len(list), len(q.items))
	}
	decisions := make([]Decision, len(q.queries))
	answered := make(map[string]bool, len(list))
	for _, v := range list {
		item, _ := v.(*entity.Object)
		id, _ := item.Path("id").(string)
		of, ok := q.of[id]
		if !ok || answered[id] {
			return nil, errors.New("the ids of the answer are not those of the request")
		}
		answered[id] = true
		if err := q.readItem(item, of, decisions); err != nil {
			return nil, err
		}
	}
	return decisions, nil
}

func (q *question) readItem(item *entity.Object, of []int, into []Decision) error {
	first := q.queries[of[0]]
	switch result := item.Path("result").(type) {
	case string:
		d := Decision{Result: Result(result)}
		switch d.Result {
		case Allow, Deny:
		case Conditional:
			if err := q.readConditions(item, first, &d); err != nil {
				return err
			}
		default:
			return fmt.Errorf("the result for %s is none that there is", first.Permission.Name)
		}
		for _, i := range of {
			into[i] = d
		}
		return nil
	case []any:
		// Only who asked with a list gets one, of the same length.
		if !q.asList(of) || len(result) != len(of) {
			return fmt.Errorf("the result for %s is a list of %d, for %d resources", first.Permission.Name, len(result), len(of))
		}
		for n, v := range result {
			text, _ := v.(string)
			if Result(text) != Allow && Result(text) != Deny {
				return fmt.Errorf("the result for a resource of %s is none that there is", first.Permission.Name)
			}
			into[of[n]] = Decision{Result: Result(text)}
		}
		return nil
	default:
		return fmt.Errorf("the result for %s is %T", first.Permission.Name, result)
	}
}

// asList reports whether these queries were asked with a list of refs.
func (q *question) asList(of []int) bool {
	for _, item := range q.items {
		if q.of[item.ID][0] == of[0] {
			_, list := item.ResourceRef.([]string)
			return list
		}
	}
	return false
}

// readConditions takes conditions only where they were asked for, about our own resources: applied to anything else they
// would mean something that nobody said.
func (q *question) readConditions(item *entity.Object, asked Query, d *Decision) error {
	name := asked.Permission.Name
	if asked.ResourceRef != "" || asked.Permission.ResourceType == "" {
		return fmt.Errorf("the result for %s is conditional, where only yes or no was asked for", name)
	}
	d.PluginID, _ = item.Path("pluginId").(string)
	d.ResourceType, _ = item.Path("resourceType").(string)
	if d.PluginID != q.plugin || d.ResourceType != asked.Permission.ResourceType {
		return fmt.Errorf("the conditions for %s are about the resource type %q of the plugin %q, not %q of %q",
			name, d.ResourceType, d.PluginID, asked.Permission.ResourceType, q.plugin)
	}
	d.Conditions, _ = item.Get("conditions")
	if _, err := ParseCriteria(d.Conditions); err != nil {
		return fmt.Errorf("the conditions for %s: %w", name, err)
	}
	return nil
}
