package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
)

const (
	// pageSize is what Spacelift's own clients ask for (spacelift.md 5.4).
	pageSize = 50
	// mostPages ends a list that does not end by itself.
	mostPages = 4000
	// mostBarren is how many pages in a row may bring nothing new.
	mostBarren = 3
	// noSearch is what schemas remembers of a Spacelift without searchStacks.
	noSearch = "searchStacks"
)

// Sweep hands every stack that the key can see to page, each once, fifty at a time. An account without stacks is
// believed only if the token is somebody's. If it returns nil, the sweep was complete; what page returns ends it. Stacks
// without an id are left out and counted; then, as after errors beside the data, the sweep has Gaps, because any stack may
// be behind them.
func (c *Client) Sweep(ctx context.Context, page func([]Stack) error) error {
	s := &sweep{client: c, page: page, seen: make(map[string]struct{})}
	return s.run(ctx)
}

// Sample counts the stacks on the first page of the list, and those of them that the key may write to.
func (c *Client) Sample(ctx context.Context) (total, writable int, err error) {
	enough := errors.New("one page is enough")
	err = c.Sweep(ctx, func(stacks []Stack) error {
		total = len(stacks)
		for _, stack := range stacks {
			if stack.CanWrite {
				writable++
			}
		}
		return enough
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return total, writable, err
}

// StacksIn returns the stacks that are in one of the states.
func (c *Client) StacksIn(ctx context.Context, states []string) ([]Stack, error) {
	if len(states) == 0 {
		return nil, nil
	}
	var all []Stack
	s := &sweep{
		client: c, seen: make(map[string]struct{}),
		predicates: []any{map[string]any{"field": "state", "constraint": map[string]any{"enumEquals": states}}},
		page: func(stacks []Stack) error {
			for _, stack := range stacks {
				// Without searchStacks all of them come.
				if slices.Contains(states, stack.State) {
					all = append(all, stack)
				}
			}
			return nil
		},
	}
	err := s.run(ctx)
	if failure, ok := errors.AsType[*Error](err); ok && failure.Gaps {
		err = nil // what came is true, and whoever is missing is asked for alone
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// sweep is one walk over the list of stacks.
type sweep struct {
	client     *Client
	predicates []any
	page       func([]Stack) error
	// seen are the ids that page has had: lists shift while they are read.
	seen map[string]struct{}
	// holes is what kept a page from being whole, or nil; dropped are the items that were no stacks.
	holes   *Error
	dropped int
}

func (s *sweep) run(ctx context.Context) error {
	old := &s.client.old
	if !old.knows(noSearch) {
		err := s.search(ctx)
		if failure, ok := err.(*Error); !ok || failure.why != unknownField { //nolint:errorlint // ours as we made it, not one that page returned wrapped
			return err
		}
		old.remember(noSearch)
		s.client.options.Log.LogAttrs(ctx, slog.LevelWarn, "spacelift has no search of stacks: reading the whole list at once")
	}
	return s.whole(ctx)
}

// search walks through searchStacks. A cursor may be lost on the way; then it begins again, once.
func (s *sweep) search(ctx context.Context) error {
	after, restarted, barren := "", false, 0
	for range mostPages {
		found, err := s.fetch(ctx, after)
		if err != nil {
			if after != "" && !restarted && (err.Code == CodeRejected || err.Code == CodeNotFound) {
				after, restarted, barren = "", true, 0
				continue
			}
			return err
		}
		nodes := make([]json.RawMessage, len(found.Edges))
		for i, edge := range found.Edges {
			nodes[i] = edge.Node
		}
		fresh, err2 := s.deliver(ctx, nodes)
		if err2 != nil {
			return err2
		}
		if !found.Info.HasNextPage {
			return s.end()
		}
		// A page of known stacks is what a restart brings too; only pages that lead nowhere are suspicious.
		if barren++; fresh > 0 || restarted && found.Info.EndCursor != after && len(nodes) > 0 {
			barren = 0
		}
		if barren > mostBarren || found.Info.EndCursor == "" {
			return endless("its pages bring nothing new")
		}
		after = found.Info.EndCursor
	}
	return endless("it has too many pages")
}

func (s *sweep) fetch(ctx context.Context, after string) (wirePage, *Error) {
	c := s.client
	input := map[string]any{"first": pageSize}
	if after != "" {
		input["after"] = after
	}
	if s.predicates != nil {
		input["predicates"] = s.predicates
	}
	k := c.query(&stacksPage, map[string]any{"input": input}, func(raw json.RawMessage) bool {
		var p wirePage
		return absent(raw) || unmarshal(raw, &p) == nil && len(p.Edges) == 0
	})
	k.patience = c.options.Patience
	a, err := c.call(ctx, k)
	if err != nil {
		return wirePage{}, err
	}
	s.note(a)
	var p wirePage
	if absent(a.raw) || unmarshal(a.raw, &p) != nil || p.Edges == nil {
		return p, endless("a page of it is missing")
	}
	return p, nil
}

// whole reads the list that has no pages.
func (s *sweep) whole(ctx context.Context) error {
	c := s.client
	k := c.query(&allStacks, map[string]any{}, func(raw json.RawMessage) bool {
		var nodes []json.RawMessage
		return absent(raw) || unmarshal(raw, &nodes) == nil && len(nodes) == 0
	})
	// It is much larger than anything else that is asked for.
	k.timeout, k.patience = c.options.MutationTimeout, max(c.options.Patience, c.options.MutationTimeout)
	a, err := c.call(ctx, k)
	if err != nil {
		return err
	}
	s.note(a)
	var nodes []json.RawMessage
	if absent(a.raw) || unmarshal(a.raw, &nodes) != nil || nodes == nil {
		return endless("the list is missing")
	}
	for some := range slices.Chunk(nodes, pageSize) {
		if _, err := s.deliver(ctx, some); err != nil {
			return err
		}
	}
	return s.end()
}

// note remembers that Spacelift could not say all of it.
func (s *sweep) note(a answer) {
	if a.partial != nil {
		s.holes = a.partial
	}
}

// deliver hands on what is new, and returns how much that is.
func (s *sweep) deliver(ctx context.Context, nodes []json.RawMessage) (int, error) {
	stacks := make([]Stack, 0, len(nodes))
	dropped := 0
	for _, node := range nodes {
		stack, ok := decodeStack(node)
		if !ok {
			dropped++
			continue
		}
		if _, known := s.seen[stack.ID]; known {
			continue
		}
		s.seen[stack.ID] = struct{}{}
		stacks = append(stacks, stack.Stack)
	}
	if dropped > 0 {
		s.dropped += dropped
		s.client.metrics.dropped.WithLabelValues("stack").Add(float64(dropped))
		s.client.options.Log.LogAttrs(ctx, slog.LevelWarn, "spacelift listed stacks without an id, which are left out", slog.Int("stacks", dropped))
	}
	if len(stacks) == 0 {
		return 0, nil
	}
	return len(stacks), s.page(stacks)
}

// end tells whether the sweep was complete: what Spacelift could not say may have been a stack.
func (s *sweep) end() error {
	gaps := &Error{Code: CodeUnavailable, Status: http.StatusBadGateway, Gaps: true, Message: "Spacelift's list of stacks is incomplete: "}
	switch {
	case s.holes != nil:
		gaps.Err = s.holes
		gaps.Message += s.holes.Message
	case s.dropped > 0:
		gaps.Message += fmt.Sprintf("%d of its items have no id", s.dropped)
	default:
		return nil
	}
	return gaps
}

func endless(how string) *Error {
	return &Error{Code: CodeUnavailable, Status: http.StatusBadGateway, Message: "Spacelift's list of stacks cannot be read: " + how}
}
