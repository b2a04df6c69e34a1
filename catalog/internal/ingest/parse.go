package ingest

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
)

// document is one descriptor of a file.
type document struct {
	entity entity.Entity
	line   int
	err    error
}

// parse reads the descriptors of a file: documents of YAML 1.2 or JSON (catalog.md 7.6). Empty documents are skipped.
func parse(from entity.LocationRef, data []byte, limit int) []document {
	nodes, err := yamlcore.Parse(data)
	var docs []document
	for i, n := range nodes {
		if i == limit {
			docs = append(docs, document{line: n.Line, err: fmt.Errorf("more than %d documents at %s", limit, from)})
			return docs
		}
		if doc, ok := describe(from, n); ok {
			docs = append(docs, doc)
		}
	}
	if err != nil {
		docs = append(docs, document{line: errorLine(err), err: fmt.Errorf("YAML error at %s, %w", from, err)})
	}
	return docs
}

func describe(from entity.LocationRef, n *yaml.Node) (document, bool) {
	v, err := yamlcore.Value(n)
	if err != nil {
		line := errorLine(err)
		if line == 0 {
			line = n.Line
		}
		return document{line: line, err: fmt.Errorf("YAML error at %s, %w", from, err)}, true
	}
	switch v := v.(type) {
	case nil:
		return document{}, false
	case *entity.Object:
		return document{line: n.Line, entity: entity.FromObject(v)}, true
	default:
		return document{line: n.Line, err: fmt.Errorf("Expected object at root, got %s", typeOf(v))}, true //nolint:staticcheck // Backstage's text
	}
}

func errorLine(err error) int {
	if e, ok := err.(*yamlcore.Error); ok { //nolint:errorlint // yamlcore returns it unwrapped
		return e.Line
	}
	return 0
}

// typeOf is JavaScript's typeof.
func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	default:
		return "object"
	}
}
