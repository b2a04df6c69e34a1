package rely

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
)

// Clears returns the keys that an element is to clear by null; whether Rely heeds that is not known. An empty list is a value
// like any other. A document by itself has no nulls.
func (d *Destination) Clears(element []byte) []string {
	if d.opts.Mode == Raw || !bytes.Contains(element, []byte(":null")) {
		return nil // nearly all
	}
	o, err := entity.ParseObject(element)
	if err != nil {
		return nil // it is not one of ours
	}
	return clearsOf(o)
}

func clearsOf(o *entity.Object) (keys []string) {
	for _, part := range []string{"properties", "relations"} {
		for key, v := range section(o, part).All() {
			if v == nil {
				keys = append(keys, part+"."+key)
			}
		}
	}
	return keys
}

// nothing reports whether a relation leads nowhere.
func nothing(relation any) bool {
	o, ok := relation.(*entity.Object)
	if !ok {
		return relation == nil
	}
	switch v := o.Path("value").(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

// Kept reads an entity back, and returns what it still has of what was to be cleared.
func (d *Destination) Kept(ctx context.Context, element []byte) ([]string, error) {
	var id struct{ ID string }
	if err := json.Unmarshal(element, &id); err != nil {
		return nil, fmt.Errorf("rely: %w", err)
	}
	a, err := d.client.do(ctx, http.MethodGet, "/api/v1/entities/"+url.PathEscape(id.ID), nil, nil)
	if err != nil {
		return nil, err
	}
	there, err := entity.ParseObject(a.body)
	if err != nil {
		return nil, &export.Failure{Kind: export.Misconfigured, Status: a.status, Err: err, Message: fmt.Sprintf(
			"%s %s: the answer is no entity: %s", a.method, a.url, d.client.clean(string(a.body)))}
	}
	var kept []string
	for _, key := range d.Clears(element) {
		part, name, _ := strings.Cut(key, ".")
		v, has := section(there, part).Get(name)
		if has && v != nil && (part != "relations" || !nothing(v)) {
			kept = append(kept, key)
		}
	}
	return kept, nil
}

// Replacing joins elements, without what clears, to a payload that is not laid over what is there.
func (d *Destination) Replacing(elements [][]byte) ([]byte, bool) {
	if !d.opts.Replace || d.opts.Mode == Raw {
		return nil, false
	}
	whole := make([][]byte, len(elements))
	for i, element := range elements {
		whole[i] = withoutClears(element)
	}
	if d.state.Load().mode == Bulk {
		return join(bulkHeadWhole, whole, bulkTail), true
	}
	return join(taskHead, whole, taskTailWhole), true
}

func withoutClears(element []byte) []byte {
	o, err := entity.ParseObject(element)
	if err != nil {
		return element
	}
	for _, key := range clearsOf(o) {
		part, name, _ := strings.Cut(key, ".")
		section(o, part).Delete(name)
	}
	return entity.StableJSON(o)
}

var _ export.Clearer = (*Destination)(nil)
