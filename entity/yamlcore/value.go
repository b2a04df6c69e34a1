package yamlcore

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/understudy-portal/understudy/entity"
)

// maxAliased is how many nodes the aliases of one value may add to it. A few lines of nested aliases otherwise grow
// into gigabytes.
const maxAliased = 100_000

// Value turns a node into a value of package entity. Aliases become copies. The error is an *Error.
func Value(n *yaml.Node) (any, error) {
	var c converter
	v, err := c.value(n, 0)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Scalar returns the value of a scalar node: nil, a bool, a float64 or a string. The error is an *Error.
func Scalar(n *yaml.Node) (any, error) {
	n = Resolve(n)
	if n.Kind != yaml.ScalarNode {
		return nil, errorAt(n, "expected a scalar")
	}
	v, err := scalar(n)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Key returns the text that a mapping's key node has as the key of an object: 1.0 is "1", null is "". The error is an
// *Error.
func Key(n *yaml.Node) (string, error) {
	v, err := Scalar(n)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case float64:
		return entity.NumberString(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	default:
		return "", nil
	}
}

// Resolve follows aliases to the node that they stand for.
func Resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	return n
}

type converter struct {
	aliases int // how many aliases we are inside of
	aliased int // how many nodes aliases have added so far
}

func (c *converter) value(n *yaml.Node, depth int) (any, *Error) {
	if depth > maxDepth {
		return nil, errorAt(n, "nested more than %d levels deep", maxDepth)
	}
	if c.aliases > 0 {
		if c.aliased++; c.aliased > maxAliased {
			return nil, errorAt(n, "aliases add more than %d nodes", maxAliased)
		}
	}
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return nil, nil
		}
		return c.value(n.Content[0], depth)
	case yaml.AliasNode:
		if n.Alias == nil {
			return nil, errorAt(n, "unknown alias *%s", n.Value)
		}
		c.aliases++
		defer func() { c.aliases-- }()
		return c.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		return c.sequence(n, depth)
	case yaml.MappingNode:
		return c.mapping(n, depth)
	default:
		return scalar(n)
	}
}

func (c *converter) sequence(n *yaml.Node, depth int) (any, *Error) {
	list := make([]any, 0, len(n.Content))
	for _, item := range n.Content {
		v, err := c.value(item, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (c *converter) mapping(n *yaml.Node, depth int) (any, *Error) {
	var failed *Error
	o := entity.CollectObject(func(yield func(string, any) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, err := Key(n.Content[i])
			if err != nil {
				errors.As(err, &failed)
				return
			}
			v, verr := c.value(n.Content[i+1], depth+1)
			if verr != nil {
				failed = verr
				return
			}
			if !yield(key, v) {
				return
			}
		}
	})
	if failed != nil {
		return nil, failed
	}
	return o, nil
}

// scalar resolves one scalar by the core schema. Tags outside it (!!binary, !!timestamp, local ones) leave the text as
// it is, as Node does.
func scalar(n *yaml.Node) (any, *Error) {
	if n.Style&yaml.TaggedStyle != 0 {
		return tagged(n)
	}
	if n.Tag == "!" {
		return n.Value, nil // "! 5" asks for the text
	}
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value, nil
	}
	return plain(n.Value), nil
}

func tagged(n *yaml.Node) (any, *Error) {
	v := plain(n.Value)
	var ok bool
	switch n.ShortTag() {
	case "!!null":
		ok = v == nil
	case "!!bool":
		_, ok = v.(bool)
	case "!!int":
		var f float64
		f, ok = v.(float64)
		ok = ok && f == math.Trunc(f)
	case "!!float":
		_, ok = v.(float64)
	default:
		return n.Value, nil
	}
	if !ok {
		return nil, errorAt(n, "%q is not of type %s", n.Value, strings.TrimPrefix(n.ShortTag(), "!!"))
	}
	return v, nil
}

// plain resolves an unquoted scalar: YAML 1.2.2 section 10.3.2.
func plain(s string) any {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	case ".nan", ".NaN", ".NAN":
		return math.NaN()
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1)
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1)
	}
	if c := s[0]; c != '+' && c != '-' && c != '.' && (c < '0' || c > '9') {
		return s
	}
	if f, ok := number(s); ok {
		return f
	}
	return s
}

func number(s string) (float64, bool) {
	if rest, ok := strings.CutPrefix(s, "0x"); ok {
		return radix(rest, 16)
	}
	if rest, ok := strings.CutPrefix(s, "0o"); ok {
		return radix(rest, 8)
	}
	if !decimal(s) {
		return 0, false
	}
	// The only error left is a value out of range, for which ParseFloat returns the infinity that Node has, too.
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

func radix(digits string, base float64) (float64, bool) {
	if digits == "" {
		return 0, false
	}
	var f float64
	for i := range len(digits) {
		d := strings.IndexByte("0123456789abcdef", digits[i]|0x20)
		if digits[i] <= '9' {
			d = int(digits[i]) - '0'
		}
		if d < 0 || float64(d) >= base {
			return 0, false
		}
		f = f*base + float64(d)
	}
	return f, true
}

// decimal matches [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
func decimal(s string) bool {
	s = unsigned(s)
	whole := countDigits(s)
	s = s[whole:]
	fraction := 0
	if strings.HasPrefix(s, ".") {
		fraction = countDigits(s[1:])
		s = s[1+fraction:]
	}
	if whole+fraction == 0 {
		return false
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = unsigned(s[1:])
	n := countDigits(s)
	return n > 0 && n == len(s)
}

func unsigned(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

func countDigits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
