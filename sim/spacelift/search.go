package spacelift

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Sizes of pages. What Spacelift's maximum is, nobody says; vendor clients ask for 50, some for 100 (spacelift.md 5.4).
const (
	firstDefault = 50
	firstMost    = 100
)

type searchArgs struct{ Input searchInput }

type searchInput struct {
	First          *int32
	After          *string
	FullTextSearch *string
	Predicates     *[]queryPredicate
	OrderBy        *queryOrder
}

type queryPredicate struct {
	Field      string
	Constraint struct {
		BooleanEquals *[]bool
		EnumEquals    *[]string
		StringMatches *[]string
	}
	Exclude *bool
}

type queryOrder struct{ Field, Direction string }

type pageView struct {
	EndCursor                    *string
	HasNextPage, HasPreviousPage bool
}

type stackEdges struct {
	Edges    []*stackEdge
	PageInfo *pageView
}

type stackEdge struct {
	Cursor *string
	Node   *stackView
}

// errCursor is what a cursor gets that cannot be read.
var errCursor = errors.New("invalid cursor")

func (in searchInput) first() int {
	if in.First == nil {
		return firstDefault
	}
	return min(max(int(*in.First), 0), firstMost)
}

// SearchStacks is a page of stacks. Cursors hold the place in the order, so that pages stay put when stacks come and go.
func (q *root) SearchStacks(ctx context.Context, args searchArgs) (*stackEdges, error) {
	c := sessionOf(ctx).caller
	found := &stackEdges{Edges: []*stackEdge{}, PageInfo: &pageView{}}
	if c.anonymous() {
		return found, nil
	}
	defer q.server.world.lock()()
	order, err := orderOf(args.Input.OrderBy)
	if err != nil {
		return nil, err
	}
	matches, err := matcher(args.Input, stackFields, (*stack).text)
	if err != nil {
		return nil, err
	}
	stacks := q.server.world.stacks
	if args.Input.OrderBy != nil {
		stacks = slices.SortedFunc(slices.Values(stacks), order.compare)
	}
	start, err := order.start(stacks, args.Input.After)
	if err != nil {
		return nil, err
	}
	for _, st := range stacks[start:] {
		if !c.sees(st) || !matches(st) {
			continue
		}
		if len(found.Edges) == args.Input.first() {
			found.PageInfo.HasNextPage = true
			break
		}
		found.Edges = append(found.Edges, &stackEdge{Cursor: optional(order.cursor(st)), Node: q.server.viewStack(st, c)})
	}
	found.PageInfo.HasPreviousPage = args.Input.After != nil
	if n := len(found.Edges); n > 0 {
		found.PageInfo.EndCursor = found.Edges[n-1].Cursor
	}
	return found, nil
}

// order is by a key, then by id.
type order struct {
	key  func(*stack) string
	sign int
}

// orderOf knows the fields that have been seen in vendor clients (spacelift.md 5.4).
func orderOf(by *queryOrder) (order, error) {
	if by == nil {
		return order{key: func(st *stack) string { return st.name }, sign: 1}, nil
	}
	keys := map[string]func(*stack) string{
		"name":      func(st *stack) string { return st.name },
		"createdAt": func(st *stack) string { return fmt.Sprintf("%020d", st.createdAt.Unix()) },
		"starred":   func(st *stack) string { return strconv.FormatBool(st.starred) },
		"position":  func(st *stack) string { return fmt.Sprintf("%09d", st.index) },
	}
	key, found := keys[by.Field]
	if !found {
		return order{}, fmt.Errorf("unknown order field: %s", by.Field)
	}
	if by.Direction == "DESC" {
		return order{key: key, sign: -1}, nil
	}
	return order{key: key, sign: 1}, nil
}

func (o order) compare(a, b *stack) int { return o.comparePlace(a, o.key(b), b.id) }

func (o order) comparePlace(a *stack, key, id string) int {
	if c := cmp.Compare(o.key(a), key); c != 0 {
		return c * o.sign
	}
	return cmp.Compare(a.id, id) * o.sign
}

func (o order) cursor(st *stack) string {
	return base64.RawURLEncoding.EncodeToString([]byte(o.key(st) + "\x00" + st.id))
}

// start is where the stacks after the cursor begin.
func (o order) start(stacks []*stack, after *string) (int, error) {
	if after == nil {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*after)
	key, id, found := strings.Cut(string(raw), "\x00")
	if err != nil || !found {
		return 0, errCursor
	}
	at, _ := slices.BinarySearchFunc(stacks, id, func(st *stack, id string) int {
		return cmp.Or(o.comparePlace(st, key, id), -1) // the one itself is before
	})
	return at, nil
}

// field reads what a predicate asks about: words, or the words of a boolean.
type field[T any] func(T) []string

func one[T any](read func(T) string) field[T] {
	return func(of T) []string { return []string{read(of)} }
}

func boolean[T any](read func(T) bool) field[T] {
	return one(func(of T) string { return strconv.FormatBool(read(of)) })
}

// stackFields are those of spacelift.md 5.4.
var stackFields = map[string]field[*stack]{
	"administrative": boolean(func(st *stack) bool { return st.administrative }),
	"branch":         one(func(st *stack) string { return st.branch }),
	"commit":         one(func(st *stack) string { return st.commit.hash }),
	"label":          func(st *stack) []string { return st.labels },
	"locked":         boolean(func(st *stack) bool { return st.lockedBy != "" }),
	"name":           one(func(st *stack) string { return st.name }),
	"projectRoot":    one(func(st *stack) string { return st.root }),
	"repository":     one(func(st *stack) string { return st.repository }),
	"state":          one(func(st *stack) string { return st.state }),
	"vendor":         one(func(st *stack) string { return st.vendor }),
	"workerPool":     func(st *stack) []string { return []string{st.pool.id, st.pool.name} },
}

// matcher joins predicates by and, and the values of each by or.
func matcher[T any](in searchInput, fields map[string]field[T], text func(T) string) (func(T) bool, error) {
	var tests []func(T) bool
	if in.Predicates != nil {
		for _, p := range *in.Predicates {
			read, found := fields[p.Field]
			if !found {
				return nil, fmt.Errorf("unknown predicate field: %s", p.Field)
			}
			tests = append(tests, func(of T) bool {
				return p.match(read(of)) != (p.Exclude != nil && *p.Exclude)
			})
		}
	}
	if in.FullTextSearch != nil {
		words := strings.Fields(strings.ToLower(*in.FullTextSearch))
		tests = append(tests, func(of T) bool {
			all := strings.ToLower(text(of))
			return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) })
		})
	}
	return func(of T) bool {
		return !slices.ContainsFunc(tests, func(test func(T) bool) bool { return !test(of) })
	}, nil
}

// match is true if one of the values is one of those asked for. Strings may hold *, and case is no matter.
func (p queryPredicate) match(values []string) bool {
	var wanted []string
	for _, some := range []*[]string{p.Constraint.EnumEquals, p.Constraint.StringMatches} {
		if some != nil {
			wanted = append(wanted, *some...)
		}
	}
	if p.Constraint.BooleanEquals != nil {
		for _, b := range *p.Constraint.BooleanEquals {
			wanted = append(wanted, strconv.FormatBool(b))
		}
	}
	for _, value := range values {
		for _, pattern := range wanted {
			if like(pattern, value) {
				return true
			}
		}
	}
	return false
}

func like(pattern, value string) bool {
	if strings.EqualFold(pattern, value) {
		return true
	}
	if !strings.Contains(pattern, "*") {
		return false
	}
	// path.Match keeps * from crossing a slash; names of repositories and folders have slashes.
	flat := strings.NewReplacer("/", "\x01")
	matched, err := path.Match(flat.Replace(strings.ToLower(pattern)), flat.Replace(strings.ToLower(value)))
	return err == nil && matched
}

func (st *stack) text() string {
	return strings.Join([]string{
		st.name, st.id, st.description, strings.Join(st.labels, " "), st.repository, st.branch, st.root, st.space.name,
	}, " ")
}

type runEdges struct {
	Edges    []*runEdge
	PageInfo *pageView
}

type runEdge struct {
	Cursor *string
	Node   *runNode
}

type runNode struct {
	Run      *runView
	Stack    *stackView
	IsModule bool
}

var runFields = map[string]field[indexed]{
	"state":          one(func(at indexed) string { return at.seed.state }),
	"type":           one(func(at indexed) string { return at.seed.kind }),
	"driftDetection": boolean(func(at indexed) bool { return at.seed.drift }),
	"stack":          one(func(at indexed) string { return at.stack.id }),
}

// SearchRuns is a page of all runs of the account, newest first.
func (q *root) SearchRuns(ctx context.Context, args searchArgs) (*runEdges, error) {
	c := sessionOf(ctx).caller
	found := &runEdges{Edges: []*runEdge{}, PageInfo: &pageView{}}
	if c.anonymous() {
		return found, nil
	}
	defer q.server.world.lock()()
	matches, err := matcher(args.Input, runFields, func(at indexed) string { return at.stack.text() })
	if err != nil {
		return nil, err
	}
	if by := args.Input.OrderBy; by != nil && (by.Field != "createdAt" || by.Direction != "DESC") {
		return nil, fmt.Errorf("unknown order: %s %s", by.Field, by.Direction)
	}
	for at := range q.server.world.allRuns(args.Input.After) {
		if !c.sees(at.stack) || !matches(at) {
			continue
		}
		if len(found.Edges) == args.Input.first() {
			found.PageInfo.HasNextPage = true
			break
		}
		r := q.server.world.runAt(at)
		found.Edges = append(found.Edges, &runEdge{Cursor: optional(r.id), Node: &runNode{
			Run: q.server.viewRun(r, c), Stack: q.server.viewStack(at.stack, c),
		}})
	}
	found.PageInfo.HasPreviousPage = args.Input.After != nil
	if n := len(found.Edges); n > 0 {
		found.PageInfo.EndCursor = found.Edges[n-1].Cursor
	}
	return found, nil
}
