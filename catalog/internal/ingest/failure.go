package ingest

import (
	"errors"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// typed gives errors of package entity the class that Backstage's would have, so that causes read alike.
func typed(err error) error {
	if v, ok := errors.AsType[*entity.ValidationError](err); ok {
		return &fault.Error{Name: v.Name, Message: v.Message}
	}
	if s, ok := errors.AsType[*entity.SyntaxError](err); ok {
		return &fault.Error{Name: s.Name, Message: s.Message}
	}
	return err
}

func cause(err error) error { return typed(err) }

// errorName is the class of an error as the wire names it.
func errorName(err error) string { return fault.Name(typed(err)) }

// statusItems is the list of errors as it stands in status.items (catalog.md 1.9), or nil.
func statusItems(errs []error) []byte {
	if len(errs) == 0 {
		return nil
	}
	items := make([]any, len(errs))
	for i, err := range errs {
		item := entity.NewObject()
		item.Set("type", "backstage.io/catalog-processing")
		item.Set("level", "error")
		item.Set("message", errorName(err)+": "+err.Error())
		item.Set("error", errorObject(err))
		items[i] = item
	}
	return entity.AppendJSON(nil, items)
}

// errorObject is an error as the wire has it, without a stack.
func errorObject(err error) *entity.Object {
	err = typed(err)
	o := entity.NewObject()
	o.Set("name", fault.Name(err))
	o.Set("message", err.Error())
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Cause != nil {
		o.Set("cause", errorObject(f.Cause))
	}
	return o
}
