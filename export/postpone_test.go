package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// barerDestination takes no document whose description names an id that is not there.
type barerDestination struct{ *fakeDestination }

func (d barerDestination) Bare(doc Document, refusal string) (Document, bool) {
	var body map[string]any
	_ = json.Unmarshal(doc.Body, &body)
	if _, refers := body["description"]; !refers || !strings.Contains(refusal, "is not there") {
		return doc, false
	}
	delete(body, "description")
	doc.Body, _ = json.Marshal(body)
	return doc, true
}

func TestDocumentsThatReferToOneAnother(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		r := &rig{t: t, catalog: newCatalog(), dest: newFake()}
		r.start(open(), func(o *Options) { o.Destination = barerDestination{r.dest} })
		// Two groups refer to components, which refer to them; one refers to what never comes.
		r.catalog.put(t, `{"kind":"Group","metadata":{"name":"a","description":"component.default.x"}}`,
			`{"kind":"Group","metadata":{"name":"b","description":"component.default.y"}}`,
			service("x", "group.default.a"), service("y", "group.default.b"), service("z", "group.default.none"), service("plain", ""))
		r.dest.fault = func(call string, ids []string) error {
			if call != "submit" {
				return nil
			}
			for _, id := range ids {
				name := id[strings.LastIndexByte(id, '.')+1:]
				target := map[string]string{
					"a": "component.default.x", "b": "component.default.y", "x": "group.default.a", "y": "group.default.b", "z": "group.default.none",
				}[name]
				if _, there := r.dest.docs[target]; target != "" && !there && !slices.Contains(ids, target) && r.dest.whole(id) {
					return &Failure{Kind: Invalid, Status: 422, Message: fmt.Sprintf("%s of %s is not there", target, id)}
				}
			}
			return nil
		}
		row := r.run()
		r.want(row, statusPartial)
		if c := row.progress.Counts; c.Create != 6 || c.Sent != 5 || c.Failed != 1 || c.Pending != 0 {
			t.Errorf("counts %+v", c)
		}
		for id, want := range map[string]bool{"group.default.a": true, "group.default.b": true, "component.default.x": true, "component.default.z": false} {
			if got := strings.Contains(string(r.dest.docs[id]), "description"); got != want {
				t.Errorf("%s: %s", id, r.dest.docs[id])
			}
		}
		items, err := r.store.items(t.Context(), row.id, "", []string{itemFailed, itemSent, itemPending}, 100)
		if err != nil || len(items) != 6 {
			t.Errorf("%+v, %v", items, err)
		}
		before := r.dest.called("submit")
		again := r.run()
		if c := again.progress.Counts; c.Unchanged != 5 || c.Failed != 1 || r.dest.called("submit")-before > 3 {
			t.Errorf("counts %+v, %d submits", c, r.dest.called("submit")-before)
		}
	})
}
