package httpapi

import (
	"fmt"
	"testing"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
)

// TestOnlyACertainYesAllows: of a space it may be unknown where it lies. Then a stack in it is not allowed by a condition, and not
// by its opposite either.
func TestOnlyACertainYesAllows(t *testing.T) {
	t.Parallel()
	const inside, outside = `{"rule":"IS_STACK","resourceType":"spacelift-stack","params":{"ids":["s"]}}`, `{"rule":"IS_STACK","resourceType":"spacelift-stack","params":{"ids":[]}}`
	const unclear = `{"rule":"IN_SPACE","resourceType":"spacelift-stack","params":{"spaces":["prod"]}}`
	s, stack := &mirror.Snapshot{}, &client.Stack{ID: "s", Space: client.Space{ID: "somewhere"}}
	for criteria, want := range map[string]truth{
		inside: yes, outside: no, unclear: unknown, fmt.Sprintf(`{"not":%s}`, unclear): unknown,
		fmt.Sprintf(`{"allOf":[%s,%s]}`, inside, unclear): unknown, fmt.Sprintf(`{"allOf":[%s,%s]}`, outside, unclear): no,
		fmt.Sprintf(`{"anyOf":[%s,%s]}`, unclear, outside): unknown, fmt.Sprintf(`{"anyOf":[%s,%s]}`, unclear, inside): yes,
		fmt.Sprintf(`{"not":{"anyOf":[%s,%s]}}`, unclear, outside): unknown,
	} {
		v, err := entity.ParseJSON([]byte(criteria))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := permission.ParseCriteria(v)
		if err != nil {
			t.Fatal(err)
		}
		holds, err := compileTest(parsed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := holds(s, stack); got != want {
			t.Errorf("%s: %v, want %v", criteria, got, want)
		}
		if may := (access{test: holds}); may.allows(s, stack) != (want == yes) {
			t.Errorf("%s: allows is %v", criteria, want != yes)
		}
	}
}
