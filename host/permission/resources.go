package permission

import (
	"context"
	"fmt"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
)

// Rule is a condition that a policy may attach to a decision about resources of one type.
type Rule struct {
	// Name is the rule's name, such as "IS_ENTITY_OWNER".
	Name string
	// Description tells the authors of policies what it means.
	Description string
	// Params are its parameters, in the order of its schema.
	Params []Param
}

// Param is a parameter of a rule: a text, or a list of texts.
type Param struct {
	// Name is the parameter's name, About its description.
	Name, About string
	// List makes it a list of texts.
	List bool
	// Optional lets a condition leave it out.
	Optional bool
}

// Resources is a type of resource of a plugin, with the rules that conditions about it may use.
type Resources struct {
	// Type is the resource type, such as "catalog-entity".
	Type string
	// Rules are all that there are.
	Rules []Rule
	// Apply reports for each ref, in their order, whether there is such a resource and the criteria hold for it. The
	// criteria are ones that Criteria has checked; the credentials are those of whoever asks, which is a service, or a
	// service on a user's behalf. Nil means that the plugin cannot tell (501).
	Apply func(ctx context.Context, who auth.Credentials, criteria Criteria, refs []string) ([]bool, error)
}

// Criteria reads the conditions of a decision about these resources. They come from the permission backend, so that a mistake
// in them is not the caller's: the error has no kind.
func (r *Resources) Criteria(d Decision) (Criteria, error) {
	if d.Result != Conditional || d.ResourceType != r.Type {
		return Criteria{}, fmt.Errorf("a decision %s about %q has no conditions about %q", d.Result, d.ResourceType, r.Type)
	}
	c, err := ParseCriteria(d.Conditions)
	if err != nil {
		return Criteria{}, err
	}
	return c, r.check(c)
}

// check finds what is wrong with any condition: a rule that is not there, or parameters that are not as the rule wants them.
// A condition that nobody looks at, because another one decides, is checked as well.
func (r *Resources) check(c Criteria) error {
	return c.each(func(condition Condition) error {
		if condition.ResourceType != r.Type {
			return fmt.Errorf("permission rule '%s' is used for resource type '%s', not '%s'", condition.Rule, condition.ResourceType, r.Type)
		}
		for i := range r.Rules {
			if r.Rules[i].Name == condition.Rule {
				return r.Rules[i].check(condition.Params)
			}
		}
		return fmt.Errorf("permission rule '%s' does not exist for resource type '%s'", condition.Rule, r.Type)
	})
}

func (r *Rule) check(params *entity.Object) error {
	for _, p := range r.Params {
		v, there := params.Get(p.Name)
		if !there && p.Optional {
			continue
		}
		ok := there
		if p.List {
			_, ok = entity.Strings(v)
		} else if ok {
			_, ok = v.(string)
		}
		if !ok {
			want := "a text"
			if p.List {
				want = "a list of texts"
			}
			return fmt.Errorf("parameters to rule are invalid: %s needs %s in '%s'", r.Name, want, p.Name)
		}
	}
	return nil
}

// Text returns a parameter that is a text, and whether it is there.
func (c Condition) Text(name string) (string, bool) {
	text, ok := c.Params.Path(name).(string)
	return text, ok
}

// List returns a parameter that is a list of texts.
func (c Condition) List(name string) []string {
	list, _ := entity.Strings(c.Params.Path(name))
	return list
}
