package host

import (
	"errors"
	"fmt"
	"slices"

	"github.com/understudy-portal/understudy/host/fault"
)

// Snapshotter is a CatalogReader that tells whether one walk of it proves anything about what the walk has not seen.
type Snapshotter interface {
	// Consistent reports whether Entities yields one consistent snapshot. It is false for a catalog that is read page by
	// page while others write: an entity may then be missing from a walk and yet be there.
	Consistent() bool
}

// ConsistentCatalog reports whether what a walk of the catalog has not seen is gone. It is so for a reader that does not
// tell.
func ConsistentCatalog(c CatalogReader) bool {
	s, ok := c.(Snapshotter)
	return !ok || s.Consistent()
}

// EntityError is one entity that is in the catalog and cannot be read. CatalogReader.Entities goes on after it if its
// consumer does.
type EntityError struct {
	// Ref is the entity's canonical ref; empty where not even that can be read.
	Ref string
	// Err says what is wrong with the entity.
	Err error
}

// Error names the entity and what is wrong with it.
func (e *EntityError) Error() string {
	if e.Ref == "" {
		return fmt.Sprintf("an entity of the catalog cannot be read: %v", e.Err)
	}
	return fmt.Sprintf("the entity %s cannot be read: %v", e.Ref, e.Err)
}

// Unwrap returns what is wrong.
func (e *EntityError) Unwrap() error { return e.Err }

// CatalogDown reports whether an error of a CatalogReader is about the catalog as a whole, so that nobody need ask for
// anything else just now; else it may be about what was asked, or about who asked.
func CatalogDown(err error) bool {
	type teller interface {
		error
		Down() bool
	}
	if e, ok := errors.AsType[teller](err); ok {
		return e.Down()
	}
	return fault.Is(err, fault.NameServiceUnavailable)
}

// Damaged takes what is about single entities out of an error of CatalogReader.ByRefs, by the refs that were asked for.
// Rest is what is left of it: nil when the answer holds for all other refs.
func Damaged(refs []string, err error) (bad map[string]*EntityError, rest error) {
	if _, some := errors.AsType[*EntityError](err); !some {
		return nil, err
	}
	bad = map[string]*EntityError{}
	var others []error
	var open func(err error)
	open = func(err error) {
		one, found := errors.AsType[*EntityError](err)
		switch joined := err.(type) { //nolint:errorlint // it goes from error to error itself
		case *EntityError:
			if slices.Contains(refs, one.Ref) {
				bad[one.Ref] = one
				return
			}
		case interface{ Unwrap() []error }:
			if found {
				for _, part := range joined.Unwrap() {
					open(part)
				}
				return
			}
		case interface{ Unwrap() error }:
			if found {
				open(joined.Unwrap())
				return
			}
		}
		others = append(others, err)
	}
	open(err)
	return bad, errors.Join(others...)
}
