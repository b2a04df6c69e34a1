package export

import (
	"fmt"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// TestKindThatIsRefusedDoesNotHoldUpOthers has what comes later sent, even if nothing of what comes first is taken.
func TestKindThatIsRefusedDoesNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, databasetest.SQLite(t))
	r.dest.limits.MaxEntities = 100
	const groups = 1000
	for i := range groups {
		r.catalog.put(t, fmt.Sprintf(`{"kind":"Group","metadata":{"name":"g%04d"}}`, i))
	}
	r.fill(20)
	r.dest.fault = func(_ string, ids []string) error {
		items := map[int]string{}
		for i, id := range ids {
			if strings.HasPrefix(id, "group") {
				items[i] = "no such blueprint"
			}
		}
		if len(items) == 0 {
			return nil
		}
		return &Failure{Kind: Invalid, Status: 422, Message: "no such blueprint", Items: items}
	}
	row := r.run()
	r.want(row, statusPartial)
	if c := row.progress.Counts; c.Sent != 20 || c.Failed < hopeless || c.Failed+c.Pending != groups || len(row.progress.Warnings) != 1 {
		t.Errorf("counts %+v, warnings %q", c, row.progress.Warnings)
	}
	if n := r.dest.called("submit"); n > 10 {
		t.Errorf("%d submits", n)
	}
	r.dest.mu.Lock()
	r.dest.fault = nil
	r.dest.mu.Unlock()
	r.want(r.run(), statusSucceeded)
	if n := len(r.dest.has()); n != groups+20 {
		t.Errorf("%d documents arrived", n)
	}
}
