package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/understudy-portal/understudy/entity/yamlcore"
)

const (
	// maxSource bounds a configuration file, and maxFile what $file puts into one value.
	maxSource = 16 << 20
	maxFile   = 1 << 20
	// maxDepth bounds the nesting of JSON; yamlcore has a limit of its own.
	maxDepth = 1000
)

// readFile reads at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("larger than %d bytes", limit)
	}
	return data, err
}

// parser turns one text into nodes. All nodes carry the text's file, and context for upstream's messages.
type parser struct {
	file, context string
	// aliases keeps what anchors stand for: aliases share the node, so that a document cannot grow by them here.
	aliases map[*yaml.Node]*node
}

// parse reads YAML, or JSON if the file is named so. The error is a Problem with its line. Nil: the text is empty.
func parse(file, context string, data []byte) (*node, error) {
	p := &parser{file: file, context: context, aliases: make(map[*yaml.Node]*node)}
	if filepath.Ext(file) == ".json" {
		return p.json(data)
	}
	root, err := yamlcore.ParseOne(data)
	if err != nil {
		return nil, p.problem(err)
	}
	if root == nil {
		return nil, nil
	}
	n, err := p.yaml(root)
	if err != nil {
		return nil, p.problem(err)
	}
	return n, nil
}

func (p *parser) problem(err error) Problem {
	at := Origin{File: p.file}
	if e, ok := errors.AsType[*yamlcore.Error](err); ok {
		at.Line, at.Column = e.Line, e.Column
		return Problem{Origin: at, Message: "not valid YAML: " + e.Message}
	}
	return Problem{Origin: at, Message: err.Error()}
}

func (p *parser) at(n *yaml.Node) Origin {
	return Origin{File: p.file, Line: n.Line, Column: n.Column}
}

func (p *parser) yaml(n *yaml.Node) (*node, error) {
	switch n.Kind {
	case yaml.AliasNode:
		target := yamlcore.Resolve(n)
		if known, ok := p.aliases[target]; ok {
			return known, nil
		}
		return p.yaml(target)
	case yaml.SequenceNode:
		out := &node{kind: list, origin: p.at(n), context: p.context}
		for _, item := range n.Content {
			child, err := p.yaml(item)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, child)
		}
		p.aliases[n] = out
		return out, nil
	case yaml.MappingNode:
		return p.yamlMapping(n)
	default:
		value, err := yamlcore.Scalar(n)
		if err != nil {
			return nil, err
		}
		return p.scalar(value, p.at(n)), nil
	}
}

func (p *parser) yamlMapping(n *yaml.Node) (*node, error) {
	out := &node{kind: mapping, origin: p.at(n), context: p.context}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, err := yamlcore.Key(n.Content[i])
		if err != nil {
			return nil, err
		}
		child, err := p.yaml(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		key := p.at(n.Content[i])
		if child.kind != scalar && n.Content[i+1].Kind != yaml.AliasNode {
			child.origin = key // a block begins on the next line, which is not where people look for it
		}
		out.set(field{name: name, origin: key, node: child})
	}
	p.aliases[n] = out
	return out, nil
}

func (p *parser) scalar(value any, at Origin) *node {
	if value == nil {
		return &node{kind: null, origin: at, context: p.context}
	}
	return &node{kind: scalar, value: value, origin: at, context: p.context}
}

// json reads JSON as JSON.parse does: YAML would read most of it alike, but refuse repeated keys and tabs.
func (p *parser) json(data []byte) (*node, error) {
	var probe json.RawMessage
	if err := json.Unmarshal(data, &probe); err != nil {
		problem := Problem{Origin: Origin{File: p.file}, Message: "not valid JSON: " + err.Error()}
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			problem.Origin = jsonPlace(p.file, data, syntax.Offset)
		}
		return nil, problem
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return p.jsonValue(data, dec, 0)
}

func (p *parser) jsonValue(data []byte, dec *json.Decoder, depth int) (*node, error) {
	token, err := dec.Token()
	at := jsonPlace(p.file, data, dec.InputOffset())
	if err != nil || depth > maxDepth {
		return nil, Problem{Origin: at, Message: fmt.Sprintf("not valid JSON, or nested more than %d levels deep", maxDepth)}
	}
	delim, ok := token.(json.Delim)
	switch {
	case !ok:
		return p.scalar(jsonScalar(token), at), nil
	case delim == '[':
		out := &node{kind: list, origin: at, context: p.context}
		for dec.More() {
			item, err := p.jsonValue(data, dec, depth+1)
			if err != nil {
				return nil, err
			}
			out.items = append(out.items, item)
		}
		_, err = dec.Token()
		return out, err
	default:
		out := &node{kind: mapping, origin: at, context: p.context}
		for dec.More() {
			key, err := p.jsonValue(data, dec, depth+1)
			if err != nil {
				return nil, err
			}
			value, err := p.jsonValue(data, dec, depth+1)
			if err != nil {
				return nil, err
			}
			name, _ := key.value.(string)
			out.set(field{name: name, origin: key.origin, node: value})
		}
		_, err = dec.Token()
		return out, err
	}
}

func jsonScalar(token json.Token) any {
	if number, ok := token.(json.Number); ok {
		// Out of range is an infinity, as in JavaScript.
		f, _ := strconv.ParseFloat(number.String(), 64)
		return f
	}
	return token
}

// jsonPlace is the line of the byte before offset, where a token ends. Columns would be those of its end: left out.
func jsonPlace(file string, data []byte, offset int64) Origin {
	offset = min(max(offset, 0), int64(len(data)))
	return Origin{File: file, Line: 1 + bytes.Count(data[:offset], []byte("\n"))}
}
