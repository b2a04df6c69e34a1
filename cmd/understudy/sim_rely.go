package main

import "github.com/understudy-portal/understudy/sim/rely"

// relySwitches are the flags for what is not known of the real API (export.md 7.1).
type relySwitches struct {
	TaskAtomicity   string `enum:"all,partial" default:"all" placeholder:"all|partial" help:"Whether a bad entity keeps the others of its task from being written."`
	Null            string `enum:"clear,ignore" default:"clear" placeholder:"clear|ignore" help:"What a null does to a property that is there."`
	Dangling        string `enum:"allow,reject" default:"allow" placeholder:"allow|reject" help:"Relations to entities that do not exist."`
	Delete          string `enum:"on,off" default:"on" placeholder:"on|off" help:"Whether entities can be deleted."`
	BulkPut         string `enum:"on,off" default:"on" placeholder:"on|off" help:"Whether there is PUT /api/v1/entities/bulk."`
	Tasks           string `enum:"on,off" default:"on" placeholder:"on|off" help:"Whether there are tasks."`
	RelationRepeat  string `enum:"400,409" default:"400" placeholder:"400|409" help:"Status for a relation that a blueprint has already."`
	BlueprintChange string `enum:"reject,replace" default:"reject" placeholder:"reject|replace" help:"An entity that comes with another blueprint."`
	Casing          string `enum:"snake,camel,upper" default:"snake" placeholder:"snake|camel|upper" help:"Spelling of a task's type and status."`
	Loc             string `name:"422-loc" enum:"on,off" default:"on" placeholder:"on|off" help:"Whether 422 answers tell which entity is wrong."`
	Plan            string `enum:"on,402,403" default:"on" placeholder:"on|402|403" help:"Refuse writes, as for an account whose plan lacks them."`
}

func (s relySwitches) options() rely.Switches {
	return rely.Switches{
		TaskAtomicity: s.TaskAtomicity, Null: s.Null, Dangling: s.Dangling, Delete: s.Delete, BulkPut: s.BulkPut, Tasks: s.Tasks,
		RelationRepeat: s.RelationRepeat, BlueprintChange: s.BlueprintChange, Casing: s.Casing, Loc: s.Loc, Plan: s.Plan,
	}
}
