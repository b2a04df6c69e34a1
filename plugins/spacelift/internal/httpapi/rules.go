package httpapi

import (
	"context"
	"fmt"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/permission"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
)

// A policy may make a decision about stacks hang on these rules (docs/permissions.md).
const (
	ruleStack = "IS_STACK"
	ruleSpace = "IN_SPACE"
	ruleLabel = "HAS_LABEL"
	ruleOwner = "IS_STACK_OWNER"
)

var stackRules = []permission.Rule{
	{Name: ruleStack, Description: "Stacks with one of these ids", Params: []permission.Param{{Name: "ids", About: "Ids of stacks", List: true}}},
	{
		Name: ruleSpace, Description: "Stacks in one of these spaces, or in a space below one of them",
		Params: []permission.Param{{Name: "spaces", About: "Ids of spaces", List: true}},
	},
	{Name: ruleLabel, Description: "Stacks with one of these labels", Params: []permission.Param{{Name: "labels", About: "Labels", List: true}}},
	{
		Name: ruleOwner, Description: "Stacks that a catalog entity with one of these owners names in its annotation " + annotation,
		Params: []permission.Param{{Name: "claims", About: "Refs of users and groups", List: true}},
	},
}

// truth is what is known of a condition. Of a space it may be unknown where it lies, and of a stack who else owns it; then a stack is neither inside, nor, which a
// policy may say as well, outside: only a certain yes allows.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
)

func certainly(is bool) truth {
	if is {
		return yes
	}
	return no
}

// test tells whether a condition holds for a stack, which need not be among those of the snapshot.
type test func(s *mirror.Snapshot, stack *client.Stack) truth

// compileTest builds a test from criteria. The owners are needed where the criteria ask for them.
func compileTest(criteria permission.Criteria, owners *ownership) (test, error) {
	return permission.Algebra[test]{
		All: func(parts []test) test {
			return func(s *mirror.Snapshot, stack *client.Stack) truth {
				result := yes
				for _, part := range parts {
					if result = min(result, part(s, stack)); result == no {
						break
					}
				}
				return result
			}
		},
		Any: func(parts []test) test {
			return func(s *mirror.Snapshot, stack *client.Stack) truth {
				result := no
				for _, part := range parts {
					if result = max(result, part(s, stack)); result == yes {
						break
					}
				}
				return result
			}
		},
		Not: func(part test) test {
			return func(s *mirror.Snapshot, stack *client.Stack) truth { return -part(s, stack) }
		},
		Rule: func(c permission.Condition) (test, error) { return compileRule(c, owners) },
	}.Compile(criteria)
}

func compileRule(c permission.Condition, owners *ownership) (test, error) {
	switch c.Rule {
	case ruleStack:
		ids := setOf(c.List("ids"))
		return func(_ *mirror.Snapshot, stack *client.Stack) truth { return certainly(ids[stack.ID]) }, nil
	case ruleSpace:
		spaces := c.List("spaces")
		return func(s *mirror.Snapshot, stack *client.Stack) truth { return within(s, stack.Space.ID, spaces) }, nil
	case ruleLabel:
		labels := setOf(c.List("labels"))
		return func(_ *mirror.Snapshot, stack *client.Stack) truth { return certainly(oneIn(stack.Labels, labels)) }, nil
	case ruleOwner:
		claims := map[string]bool{}
		for _, claim := range c.List("claims") {
			claims[entity.Fold(claim)] = true
		}
		return func(_ *mirror.Snapshot, stack *client.Stack) truth { return owners.holds(stack.ID, claims) }, nil
	default:
		return nil, fmt.Errorf("unknown permission rule %q", c.Rule)
	}
}

func within(s *mirror.Snapshot, space string, above []string) truth {
	result := no
	for _, a := range above {
		switch s.Place(space, a) {
		case mirror.Inside:
			return yes
		case mirror.Unknown:
			result = unknown
		case mirror.Outside:
		}
	}
	return result
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, v := range list {
		set[v] = true
	}
	return set
}

func oneIn(list []string, set map[string]bool) bool {
	for _, v := range list {
		if set[v] {
			return true
		}
	}
	return false
}

// resources describes stacks to the permission backend, and applies conditions to those that are known.
func (a *API) resources() permission.Resources {
	return permission.Resources{
		Type: resourceType, Rules: stackRules,
		Apply: func(ctx context.Context, _ auth.Credentials, criteria permission.Criteria, refs []string) ([]bool, error) {
			t, err := a.test(ctx, criteria)
			if err != nil {
				return nil, err
			}
			s := a.Mirror.Snapshot()
			holds := make([]bool, len(refs))
			for i, ref := range refs {
				if stack := s.Stack(ref); stack != nil {
					holds[i] = t(s, &stack.Stack) == yes
				}
			}
			return holds, nil
		},
	}
}

// test compiles criteria, together with the owners of stacks where they are asked for.
func (a *API) test(ctx context.Context, criteria permission.Criteria) (test, error) {
	var owners *ownership
	if criteria.Uses(ruleOwner) {
		var err error
		if owners, err = a.entities.owning(ctx); err != nil {
			return nil, err
		}
	}
	return compileTest(criteria, owners)
}
