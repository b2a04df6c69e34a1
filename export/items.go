package export

import (
	"cmp"
	"context"
	"slices"
)

// itemStates tells in which chunks entities of a status are.
func itemStates(status string) []string {
	switch status {
	case itemSent:
		return []string{stateSettled}
	case itemSkipped:
		return []string{stateSkipped}
	case itemPending:
		return []string{statePlanned, stateSending, stateSubmitted, stateParked, stateDry}
	default:
		return nil
	}
}

func statusOf(state string) string {
	switch state {
	case stateSettled:
		return itemSent
	case stateSkipped:
		return itemSkipped
	default:
		return itemPending
	}
}

// items returns what became of entities that come after a ref. Most of them are only written down in their chunks, of
// which as few are read as may hold the page.
func (s *store) items(ctx context.Context, run, after string, statuses []string, limit int) ([]itemJSON, error) {
	page := []itemJSON{}
	failures, err := s.outcomes(ctx, run, after, statuses, limit)
	if err != nil {
		return nil, err
	}
	for i := range failures {
		o := &failures[i]
		page = append(page, itemJSON{
			EntityRef: o.ref, ID: o.id, Status: o.status, Operation: o.operation, Code: o.code, HTTPStatus: o.httpStatus, Message: o.message,
			Attempts: o.attempts, At: o.at,
		})
	}
	var states []string
	for _, status := range statuses {
		states = append(states, itemStates(status)...)
	}
	if len(states) == 0 {
		return page, nil
	}
	err = s.rosters(ctx, run, after, states, func(r roster) (bool, error) {
		if len(page) >= limit && r.first > page[limit-1].EntityRef {
			return false, nil
		}
		page, err = r.appendTo(page, after)
		if err != nil {
			return false, err
		}
		slices.SortFunc(page, func(a, b itemJSON) int { return cmp.Compare(a.EntityRef, b.EntityRef) })
		page = page[:min(limit, len(page))]
		return true, nil
	})
	return page, err
}

// appendTo adds the entities that come after a ref.
func (r *roster) appendTo(page []itemJSON, after string) ([]itemJSON, error) {
	elements, err := unpackItems(r.items)
	if err != nil {
		return nil, err
	}
	for i := range elements {
		e := &elements[i]
		if e.ref <= after {
			continue
		}
		item := itemJSON{EntityRef: e.ref, ID: e.id, Status: statusOf(r.state), At: r.at}
		if r.state != stateSkipped {
			item.Operation = e.operation()
		}
		if r.state == stateSettled || r.state == stateSubmitted {
			item.Attempts = r.attempts + 1
		}
		if r.state == stateParked {
			item.Code, item.Message, item.Attempts = codeParked, r.err, r.attempts
		}
		page = append(page, item)
	}
	return page, nil
}
