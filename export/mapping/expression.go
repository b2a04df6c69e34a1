package mapping

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"
)

// variables are those that expressions may use.
func variables() []string { return []string{"$appBaseUrl", "$definitionUrl", "$definitionSha256"} }

// expression is one compiled jq expression.
type expression struct {
	text string
	path string // in the mapping
	code *gojq.Code
	// fast answers as jq would, or says that jq must be asked; nil where there is no such way.
	fast fastFunc
	// query is the syntax tree, for what blueprints infer from it.
	query *gojq.Query
}

// compiler compiles the expressions of one mapping, each text once.
type compiler struct {
	file    string
	prelude string
	known   functions
	seen    map[string]*expression
}

func (c *compiler) compile(path, text string) (*expression, error) {
	if e, ok := c.seen[text]; ok {
		copied := *e
		copied.path = path
		return &copied, nil
	}
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, c.problem(path, text, err)
	}
	code, err := c.program(text)
	if err != nil {
		return nil, c.problem(path, text, err)
	}
	e := &expression{text: text, path: path, code: code, query: query}
	if fast, ok := c.known.compile(query); ok {
		e.fast = fast
	}
	c.seen[text] = e
	return e, nil
}

// program compiles text below the prelude.
func (c *compiler) program(text string) (*gojq.Code, error) {
	query, err := gojq.Parse(c.prelude + " " + text)
	if err != nil {
		return nil, err
	}
	return gojq.Compile(query, gojq.WithVariables(variables()))
}

// batch compiles several expressions into one program, whose output holds a list of none or one for each.
func (c *compiler) batch(all []*expression) (*gojq.Code, error) {
	var b strings.Builder
	b.WriteByte('[')
	for i, e := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		// The line end closes a comment at the end of an expression.
		b.WriteString("[limit(1; (" + e.text + "\n))]")
	}
	b.WriteByte(']')
	return c.program(b.String())
}

// problem is a mistake in an expression, in jq's words and with its column where that can be told.
func (c *compiler) problem(path, text string, err error) *Error {
	e := &Error{Source: c.file, Path: path, Message: err.Error()}
	if syntax, ok := errors.AsType[*gojq.ParseError](err); ok {
		e.Column = len([]rune(text[:min(max(syntax.Offset-len(syntax.Token), 0), len(text))])) + 1
		return e
	}
	// "function not defined: foo/0", "variable not defined: $foo": jq does not say where.
	if _, name, ok := strings.Cut(err.Error(), "not defined: "); ok {
		name, _, _ = strings.Cut(name, "/")
		if at := strings.Index(text, name); at >= 0 {
			e.Column = len([]rune(text[:at])) + 1
		}
	}
	return e
}

// errNothing is an expression without output.
var errNothing = errors.New("no output")

// first returns the first output of a program.
func first(ctx context.Context, code *gojq.Code, in *input) (any, error) {
	v, ok := code.RunWithContext(ctx, in.jq(), in.values()...).Next()
	if !ok {
		return nil, errNothing
	}
	if err, failed := v.(error); failed {
		if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
			return nil, errNothing
		}
		return nil, err
	}
	return v, nil
}

// eval returns the expression's first output, nil when there is none.
func (e *expression) eval(ctx context.Context, in *input) (any, error) {
	if e.fast != nil {
		if v, ok := e.fast(in, in.entity.Object); ok {
			return v, nil
		}
	}
	v, err := first(ctx, e.code, in)
	switch {
	case errors.Is(err, errNothing):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", e.path, err)
	}
	return v, nil
}
