package spacelift

import (
	_ "embed" // for the schema
	"regexp"
	"strings"

	"github.com/graph-gophers/graphql-go"
)

// SDL is the schema that the simulator serves, for those who want to check their documents against it.
//
//go:embed schema.graphql
var SDL string

// parseSchema builds the engine. graph-gophers is of the family of Spacelift's own server: it takes the empty list of
// parameters that the official plugin sends, and its error texts agree.
func parseSchema(s *Server, sdl string) (*graphql.Schema, error) {
	return graphql.ParseSchema(sdl, &root{s}, graphql.UseFieldResolvers(), graphql.MaxParallelism(4))
}

// without is the schema of an older server: names are Type.field, Enum.VALUE or Type.field.argument.
func withoutNames(sdl string, names []string) string {
	hidden := map[string]bool{}
	for _, name := range names {
		hidden[name] = true
	}
	var out strings.Builder
	within := ""
	for line := range strings.Lines(sdl) {
		words := strings.Fields(line)
		if len(words) >= 3 && words[len(words)-1] == "{" {
			within = words[1]
		}
		member := memberName.FindString(strings.TrimSpace(line))
		if strings.HasPrefix(line, "  ") && hidden[within+"."+member] {
			continue
		}
		out.WriteString(argument.ReplaceAllStringFunc(line, func(arg string) string {
			if name, _, _ := strings.Cut(arg, ":"); strings.Contains(line, "(") && hidden[within+"."+member+"."+name] {
				return ""
			}
			return arg
		}))
	}
	return strings.ReplaceAll(strings.ReplaceAll(out.String(), ", )", ")"), "()", "")
}

var (
	memberName = regexp.MustCompile(`^\w+`)
	argument   = regexp.MustCompile(`\b\w+: [\w!\[\]]+(, )?`)
)
