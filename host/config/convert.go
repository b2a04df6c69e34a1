package config

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// mismatch is a value of the wrong type. Getters say it in upstream's words, Decode in ours.
type mismatch struct {
	node   *node
	at     string // of an element inside, such as "[0]"
	wanted string
	// convert tells that the type was right but the text was not.
	convert bool
}

// wireProblem says it in upstream's words (core.md 1.6).
func (c *Config) wireProblem(path string, m *mismatch) Problem {
	full := join(c.path, path) + m.at
	p := Problem{Origin: m.node.origin, Path: full, wire: true}
	if m.convert {
		p.Message = fmt.Sprintf("Unable to convert config value for key '%s' in '%s' to a %s", full, m.node.context, m.wanted)
	} else {
		p.Message = fmt.Sprintf("Invalid type in config for key '%s' in '%s', got %s, wanted %s", full, m.node.context, m.node.typeName(), m.wanted)
	}
	return p
}

// problem says it in our words.
func (m *mismatch) problem(path string) Problem {
	p := Problem{Origin: m.node.origin, Path: path + m.at}
	got := m.node.typeName()
	switch {
	case m.convert:
		p.Message = fmt.Sprintf("cannot be read as a %s", m.wanted)
		if m.wanted == "boolean" {
			p.Message, p.Hint = m.node.shown()+p.Message, "write true or false"
		}
	case got == "empty-string":
		p.Message = fmt.Sprintf("is empty, wanted %s", m.wanted)
		p.Hint = "leave the key out if there is nothing to set"
	default:
		p.Message = fmt.Sprintf("got %s, wanted %s", got, m.wanted)
		if m.wanted == "string" && (got == "number" || got == "boolean") {
			p.Hint = "put the value in quotes"
		}
	}
	return p
}

// shown is a value to begin a message with, empty if it is long, or from elsewhere than the file: then it may be a secret.
func (n *node) shown() string {
	const most = 20
	text, ok := n.text()
	if !ok || text == "" || len(text) > most || len(n.inputs) > 0 || n.fromFile {
		return ""
	}
	return strconv.Quote(text) + " "
}

func textOf(n *node) (string, *mismatch) {
	if s, ok := n.value.(string); ok && n.kind == scalar && s != "" {
		return s, nil
	}
	return "", &mismatch{node: n, wanted: "string"}
}

func numberOf(n *node) (float64, *mismatch) {
	if n.kind == scalar {
		switch v := n.value.(type) {
		case float64:
			if !math.IsNaN(v) {
				return v, nil
			}
		case string:
			if f, ok := jsNumber(v); ok {
				return f, nil
			}
			return 0, &mismatch{node: n, wanted: "number", convert: true}
		}
	}
	return 0, &mismatch{node: n, wanted: "number"}
}

func boolOf(n *node) (bool, *mismatch) {
	if n.kind != scalar {
		return false, &mismatch{node: n, wanted: "boolean"}
	}
	switch v := n.value.(type) {
	case bool:
		return v, nil
	case float64:
		if v == 0 || v == 1 {
			return v == 1, nil
		}
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "y", "yes", "true", "1", "on":
			return true, nil
		case "n", "no", "false", "0", "off":
			return false, nil
		}
	}
	return false, &mismatch{node: n, wanted: "boolean", convert: true}
}

func textsOf(n *node) ([]string, *mismatch) {
	if n.kind != list {
		return nil, &mismatch{node: n, wanted: "string-array"}
	}
	out := make([]string, len(n.items))
	for i, item := range n.items {
		s, bad := textOf(item)
		if bad != nil {
			bad.at, bad.wanted = fmt.Sprintf("[%d]", i), "string-array"
			return nil, bad
		}
		out[i] = s
	}
	return out, nil
}

var (
	jsDecimal = regexp.MustCompile(`^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$`)
	jsRadix   = regexp.MustCompile(`^0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$`)
)

// jsNumber reads text as JavaScript's Number() does, finite results only.
func jsNumber(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return 0, true
	case jsRadix.MatchString(text):
		i, ok := new(big.Int).SetString(strings.ToLower(text), 0)
		if !ok {
			return 0, false
		}
		f, _ := new(big.Float).SetInt(i).Float64()
		return f, !math.IsInf(f, 0)
	case jsDecimal.MatchString(text):
		f, err := strconv.ParseFloat(text, 64)
		return f, err == nil
	default:
		return 0, false
	}
}
