package console

import (
	"slices"
	"strings"
)

const policyHeader = "Content-Security-Policy"

// allowConnect returns a Content-Security-Policy under which a page may also call the origins. The policy of every response
// (core.md 2.4) allows calls to the server's own origin only.
func allowConnect(policy string, origins []string) string {
	directives := strings.Split(policy, ";")
	find := func(name string) int {
		return slices.IndexFunc(directives, func(d string) bool {
			fields := strings.Fields(d)
			return len(fields) > 0 && strings.EqualFold(fields[0], name)
		})
	}
	if i := find("connect-src"); i >= 0 {
		directives[i] = withSources("connect-src", strings.Fields(directives[i])[1:], origins)
		return strings.Join(directives, ";")
	}
	i := find("default-src")
	if i < 0 {
		return policy // nothing forbids a call
	}
	// What default-src allows counts for calls as long as there is no connect-src.
	return policy + ";" + withSources("connect-src", strings.Fields(directives[i])[1:], origins)
}

func withSources(name string, sources, more []string) string {
	fields := []string{name}
	for _, source := range slices.Concat(sources, more) {
		// 'none' means nothing beside another source.
		if source != "'none'" && !slices.Contains(fields, source) {
			fields = append(fields, source)
		}
	}
	return strings.Join(fields, " ")
}
