package permission

import (
	"errors"
	"fmt"
	"slices"

	"github.com/understudy-portal/understudy/entity"
)

// The bounds of criteria. Policies have a handful of levels and conditions; what one user owns is in the parameters of a
// condition, which are bounded by the size of the answer.
const (
	maxDepth      = 64
	maxConditions = 10_000
)

// Criteria is what a conditional decision depends on: a tree of conditions (core.md 8.1). The zero value is none, and
// cannot be compiled.
type Criteria struct {
	op operator
	of []Criteria
	// condition is set for opRule.
	condition Condition
}

type operator int

const (
	opNone operator = iota
	opAll
	opAny
	opNot
	opRule
)

// Condition is a rule with its parameters.
type Condition struct {
	// Rule is the rule's name.
	Rule string
	// ResourceType is the type that the condition is about.
	ResourceType string
	// Params are the rule's parameters; nil when there are none.
	Params *entity.Object
}

// ParseCriteria reads criteria as the wire has them, as an entity value. Members that it does not know are ignored, as
// upstream ignores them; an object that could be read in two ways is an error, because one of them may allow more.
func ParseCriteria(v any) (Criteria, error) {
	p := criteriaParser{left: maxConditions}
	return p.parse(v, 1)
}

// criteriaParser counts what is left of the bounds.
type criteriaParser struct{ left int }

func (p *criteriaParser) parse(v any, depth int) (Criteria, error) {
	if depth > maxDepth {
		return Criteria{}, fmt.Errorf("criteria have more than %d levels", maxDepth)
	}
	if p.left--; p.left < 0 {
		return Criteria{}, fmt.Errorf("criteria have more than %d parts", maxConditions)
	}
	o, ok := v.(*entity.Object)
	if !ok {
		return Criteria{}, fmt.Errorf("criteria are %s, not an object", kindOf(v))
	}
	var c Criteria
	var body any
	for _, form := range []struct {
		key string
		op  operator
	}{{"allOf", opAll}, {"anyOf", opAny}, {"not", opNot}, {"rule", opRule}} {
		member, ok := o.Get(form.key)
		if !ok {
			continue
		}
		if c.op != opNone {
			return Criteria{}, errors.New("criteria have two of allOf, anyOf, not and rule")
		}
		c.op, body = form.op, member
	}
	var err error
	switch c.op {
	case opAll, opAny:
		c.of, err = p.parseList(body, depth)
	case opNot:
		var inner Criteria
		inner, err = p.parse(body, depth+1)
		c.of = []Criteria{inner}
	case opRule:
		c.condition, err = parseCondition(o)
	default:
		err = errors.New("criteria have none of allOf, anyOf, not and rule")
	}
	if err != nil {
		return Criteria{}, err
	}
	return c, nil
}

func (p *criteriaParser) parseList(v any, depth int) ([]Criteria, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, errors.New("criteria need a list that is not empty")
	}
	of := make([]Criteria, 0, min(len(list), p.left+1))
	for _, part := range list {
		c, err := p.parse(part, depth+1)
		if err != nil {
			return nil, err
		}
		of = append(of, c)
	}
	return of, nil
}

func parseCondition(o *entity.Object) (Condition, error) {
	var c Condition
	var ok bool
	if c.Rule, ok = o.Path("rule").(string); !ok {
		return Condition{}, errors.New("the rule of a condition is no text")
	}
	if c.ResourceType, ok = o.Path("resourceType").(string); !ok {
		return Condition{}, errors.New("a condition has no resourceType")
	}
	if v, there := o.Get("params"); there {
		if c.Params, ok = v.(*entity.Object); !ok {
			return Condition{}, errors.New("the params of a condition are no object")
		}
	}
	return c, nil
}

// kindOf names the type of a value without telling the value.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "missing"
	case []any:
		return "a list"
	case *entity.Object:
		return "an object"
	case string:
		return "a text"
	default:
		return "a plain value"
	}
}

// Algebra builds from criteria whatever selects resources: a query, or a function. All its functions are needed.
type Algebra[T any] struct {
	// All holds when all parts do; Any when one does. There is at least one part.
	All, Any func(parts []T) T
	// Not holds when its part does not.
	Not func(part T) T
	// Rule is one condition, whose rule is known and whose parameters are as the rule wants them.
	Rule func(Condition) (T, error)
}

// Compile builds from the leaves up.
func (a Algebra[T]) Compile(c Criteria) (T, error) {
	var zero T
	if c.op == opRule {
		return a.Rule(c.condition)
	}
	parts := make([]T, 0, len(c.of))
	for _, inner := range c.of {
		t, err := a.Compile(inner)
		if err != nil {
			return zero, err
		}
		parts = append(parts, t)
	}
	switch c.op {
	case opAll:
		return a.All(parts), nil
	case opAny:
		return a.Any(parts), nil
	case opNot:
		return a.Not(parts[0]), nil
	default:
		return zero, errors.New("there are no criteria")
	}
}

// each calls visit for every condition until it returns an error.
func (c *Criteria) each(visit func(Condition) error) error {
	if c.op == opRule {
		return visit(c.condition)
	}
	for i := range c.of {
		if err := c.of[i].each(visit); err != nil {
			return err
		}
	}
	return nil
}

// Uses reports whether a condition is about one of the rules.
func (c Criteria) Uses(rules ...string) bool {
	found := errors.New("found")
	return c.each(func(condition Condition) error {
		if slices.Contains(rules, condition.Rule) {
			return found
		}
		return nil
	}) != nil
}
