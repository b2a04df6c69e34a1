package httpapi

import (
	_ "embed"
	"fmt"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
)

// openAPISource describes the routes. The console's types are generated from it.
//
//go:embed openapi.yaml
var openAPISource []byte

// renderOpenAPI returns the document as JSON, its paths under the mount (catalog.md 3). The document is a part of the
// program, so one that cannot be read is a mistake in it, and panics.
func renderOpenAPI(mount string) []byte {
	root, err := yamlcore.ParseOne(openAPISource)
	if err != nil {
		panic(fmt.Sprintf("openapi.yaml: %v", err))
	}
	v, err := yamlcore.Value(root)
	if err != nil {
		panic(fmt.Sprintf("openapi.yaml: %v", err))
	}
	document := v.(*entity.Object)
	paths := entity.NewObject()
	for path, operations := range document.Path("paths").(*entity.Object).All() {
		paths.Set(mount+path, operations)
	}
	document.Set("paths", paths)
	return entity.AppendJSON(nil, document)
}
