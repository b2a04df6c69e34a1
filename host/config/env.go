package config

import (
	"fmt"
	"strings"
)

const (
	envPrefix = "APP_CONFIG_"
	// envSource is the name of the source that all APP_CONFIG_* variables form together.
	envSource = "env"
)

// fromVariables builds the source of APP_CONFIG_* variables (core.md 1.3), nil when there is none. It reports all
// mistakes at once.
func fromVariables(environ []string) (*node, error) {
	var root *node
	var problems Problems
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		rest, ok := strings.CutPrefix(name, envPrefix)
		if !ok || value == "" {
			continue
		}
		if root == nil {
			root = &node{kind: mapping, origin: Origin{File: envSource}, context: envSource}
		}
		at := Origin{File: envSource, Variable: name}
		if reason := insert(root, rest, value, at); reason != "" {
			problems = append(problems, Problem{Origin: at, Message: reason})
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return root, nil
}

// insert puts one variable's value into the tree; the reason tells why it cannot.
func insert(root *node, rest, value string, at Origin) (reason string) {
	parts := strings.Split(rest, "_")
	for _, part := range parts {
		if !keyPart.MatchString(part) {
			return fmt.Sprintf("Invalid env config key '%s'", rest)
		}
	}
	n, last := root, len(parts)-1
	for i, part := range parts[:last] {
		child := n.field(part)
		if child == nil || child.kind == null {
			child = &node{kind: mapping, origin: at, context: envSource}
			n.set(field{name: part, origin: at, node: child})
		}
		if child.kind != mapping {
			return fmt.Sprintf("Could not nest config for key '%s' under existing value '%s'", rest, strings.Join(parts[:i+1], "_"))
		}
		n = child
	}
	if n.field(parts[last]) != nil {
		return fmt.Sprintf("Refusing to override existing config at key '%s'", rest)
	}
	v := envValue(value, at)
	if v.kind == null {
		return fmt.Sprintf("Failed to parse JSON-serialized config value for key '%s', value may not be null", rest)
	}
	n.set(field{name: parts[last], origin: at, node: v})
	return ""
}

// envValue reads JSON, and takes any other text as it is.
func envValue(text string, at Origin) *node {
	p := &parser{file: envSource, context: envSource}
	n, err := p.json([]byte(text))
	if err != nil {
		n = p.scalar(text, at)
	}
	n.walk("", func(_ string, n *node) {
		n.origin = at
		for i := range n.fields {
			n.fields[i].origin = at
		}
	})
	return n
}
