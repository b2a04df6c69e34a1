package rely

import (
	"fmt"
	"slices"
	"strings"
)

// Switches answer what is not known of the real API (export.md 7.1). Each names its values, the default first.
type Switches struct {
	// TaskAtomicity: "all" means that a task with one bad entity writes none, "partial" that it writes the good ones.
	TaskAtomicity string `json:"taskAtomicity,omitempty"`
	// Null: under patch a null property is to "clear" it or to be "ignore"d.
	Null string `json:"null,omitempty"`
	// Dangling: "allow" or "reject" relations to entities that do not exist.
	Dangling string `json:"dangling,omitempty"`
	// Delete: whether DELETE of entities is "on" or "off".
	Delete string `json:"delete,omitempty"`
	// BulkPut: whether PUT /entities/bulk is "on" or "off".
	BulkPut string `json:"bulkPut,omitempty"`
	// Tasks: whether /tasks is "on" or "off".
	Tasks string `json:"tasks,omitempty"`
	// RelationRepeat: the status for a relation that a blueprint has already, "400" or "409".
	RelationRepeat string `json:"relationRepeat,omitempty"`
	// BlueprintChange: "reject" or "replace" an entity that comes with another blueprint.
	BlueprintChange string `json:"blueprintChange,omitempty"`
	// Casing of what tasks answer: "snake", "camel" or "upper".
	Casing string `json:"casing,omitempty"`
	// Loc: whether the places of 422 answers carry the entity's index, "on" or "off".
	Loc string `json:"loc,omitempty"`
	// Plan: "on", or the status that writes are refused with, "402" or "403".
	Plan string `json:"plan,omitempty"`
}

// DefaultSwitches are those of export.md 7.1.
func DefaultSwitches() Switches {
	return Switches{
		TaskAtomicity: "all", Null: "clear", Dangling: "allow", Delete: "on", BulkPut: "on", Tasks: "on",
		RelationRepeat: "400", BlueprintChange: "reject", Casing: "snake", Loc: "on", Plan: "on",
	}
}

// SwitchValues lists each switch's values by its name, the default first, for help texts and for tests of every combination.
func SwitchValues() map[string][]string {
	return map[string][]string{
		"taskAtomicity": {"all", "partial"}, "null": {"clear", "ignore"}, "dangling": {"allow", "reject"},
		"delete": {"on", "off"}, "bulkPut": {"on", "off"}, "tasks": {"on", "off"}, "relationRepeat": {"400", "409"},
		"blueprintChange": {"reject", "replace"}, "casing": {"snake", "camel", "upper"}, "loc": {"on", "off"}, "plan": {"on", "402", "403"},
	}
}

// field is a switch by its name; nil if there is none such.
func (s *Switches) field(name string) *string {
	switch name {
	case "taskAtomicity":
		return &s.TaskAtomicity
	case "null":
		return &s.Null
	case "dangling":
		return &s.Dangling
	case "delete":
		return &s.Delete
	case "bulkPut":
		return &s.BulkPut
	case "tasks":
		return &s.Tasks
	case "relationRepeat":
		return &s.RelationRepeat
	case "blueprintChange":
		return &s.BlueprintChange
	case "casing":
		return &s.Casing
	case "loc":
		return &s.Loc
	case "plan":
		return &s.Plan
	default:
		return nil
	}
}

// over returns base with what s sets.
func (s Switches) over(base Switches) (Switches, error) {
	for name, values := range SwitchValues() {
		value := *s.field(name)
		if value == "" {
			continue
		}
		if !slices.Contains(values, value) {
			return base, fmt.Errorf("switch %s: %q is none of %s", name, value, strings.Join(values, ", "))
		}
		*base.field(name) = value
	}
	return base, nil
}
