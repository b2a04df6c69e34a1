package proxy

import (
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// docsHint is for keys that nobody reads.
const docsHint = "docs/proxy.md lists what is read"

// rootKeys are those of the section besides endpoints in the old style.
var rootKeys = []string{"endpoints", "skipInvalidProxies", "reviveConsumedRequestBodies"}

// loader reads the configuration and gathers everything that is wrong.
type loader struct {
	problems config.Problems
}

// load reads the endpoints in their order. The problems may be mere warnings.
func load(c *config.Config) (table, config.Problems) {
	l := &loader{}
	root := c.Section(section)
	if !root.Has("") {
		return nil, nil
	}
	if !isObject(root, "") {
		l.wrong(root, "", "write endpoints below it", "an object is wanted here")
		return nil, l.problems
	}
	skip := l.boolean(root, "skipInvalidProxies", false)
	// Bodies are never consumed before they are passed on, so there is nothing to revive.
	l.boolean(root, "reviveConsumedRequestBodies", false)
	var t table
	for _, entry := range l.entries(root) {
		one := &loader{}
		e := one.endpoint(entry.route, entry.c)
		if skip && len(one.problems.Errors()) > 0 {
			one.excuse()
			e = nil
		}
		l.problems = append(l.problems, one.problems...)
		if e != nil {
			l.shadowed(t, e, entry.c)
			t = append(t, e)
		}
	}
	return t, l.problems
}

// excuse makes warnings of all mistakes, because proxy.skipInvalidProxies is true.
func (l *loader) excuse() {
	for i := range l.problems {
		if !l.problems[i].Warning {
			l.problems[i].Warning = true
			l.problems[i].Message += " (the endpoint is left out, as proxy.skipInvalidProxies says)"
		}
	}
}

// entry is one endpoint as it is written down.
type entry struct {
	route string
	c     *config.Config
}

// entries finds the endpoints: below proxy.endpoints, or, where that is absent, at the root. The two are never combined.
func (l *loader) entries(root *config.Config) []entry {
	var old []string
	for _, key := range root.Keys("") {
		switch {
		case strings.HasPrefix(key, "/"):
			old = append(old, key)
		case !slices.Contains(rootKeys, key):
			l.warn(root.Section(key), "", strayHint(key), "is not read")
		}
	}
	if !root.Has("endpoints") {
		if len(old) > 0 {
			l.warn(root.Section(old[0]), "", "move it below proxy.endpoints", "endpoints directly below proxy are deprecated in Backstage")
		}
		return list(root, old)
	}
	for _, key := range old {
		l.warn(root.Section(key), "", "remove it, or move it there", "is ignored, as Backstage does, because proxy.endpoints exists")
	}
	endpoints := root.Section("endpoints")
	if !isObject(endpoints, "") {
		l.wrong(endpoints, "", "write paths and targets below it, such as '/github': https://api.github.com", "an object is wanted here")
		return nil
	}
	return list(endpoints, endpoints.Keys(""))
}

func list(c *config.Config, keys []string) []entry {
	entries := make([]entry, len(keys))
	for i, key := range keys {
		entries[i] = entry{key, c.Section(key)}
	}
	return entries
}

// strayHint guesses what a key directly below proxy was meant to be.
func strayHint(key string) string {
	for _, known := range rootKeys {
		if strings.EqualFold(key, known) || strings.EqualFold(key+"s", known) {
			return "did you mean '" + known + "'?"
		}
	}
	return "an endpoint is written below proxy.endpoints, and begins with a slash"
}

// shadowed warns of an endpoint that never gets a request.
func (l *loader) shadowed(before table, e *endpoint, c *config.Config) {
	if first := before.find(e.route); first != nil {
		l.warn(c, "", "put it before that one", "never gets a request, because '%s' comes first and takes everything at and below it", first.route)
	}
}

func (l *loader) add(err error) { l.problems = append(l.problems, config.AsProblems(err)...) }

func (l *loader) wrong(c *config.Config, path, hint, format string, args ...any) {
	l.add(c.Errorf(path, hint, format, args...))
}

func (l *loader) warn(c *config.Config, path, hint, format string, args ...any) {
	p := c.Errorf(path, hint, format, args...)
	p.Warning = true
	l.add(p)
}

func isObject(c *config.Config, path string) bool {
	_, ok := c.Value(path).(*entity.Object)
	return ok
}

// text reads an optional text.
func (l *loader) text(c *config.Config, key, hint string) string {
	text, _, err := c.OptionalString(key)
	if err != nil {
		l.wrong(c, key, hint, "a text is wanted here")
	}
	return text
}

func (l *loader) boolean(c *config.Config, key string, fallback bool) bool {
	value, ok, err := c.OptionalBool(key)
	if err != nil {
		l.wrong(c, key, "write true or false", "cannot be read as a boolean")
	}
	if err != nil || !ok {
		return fallback
	}
	return value
}

// texts reads an optional list of texts.
func (l *loader) texts(c *config.Config, key, hint string) []string {
	values, _, err := c.OptionalStrings(key)
	if err != nil {
		l.wrong(c, key, hint, "a list of texts is wanted here")
	}
	return values
}
