package proxy

import (
	"regexp"
	"strconv"
	"strings"
)

// rewrite is one entry of pathRewrite.
type rewrite struct {
	pattern     *regexp.Regexp
	replacement string // in JavaScript's language
}

// defaultRewrite takes the mount and the route away. Unlike the route it minds the letter case, as upstream's does.
func defaultRewrite(route string) rewrite {
	if !strings.HasSuffix(route, "/") {
		route += "/"
	}
	return rewrite{pattern: regexp.MustCompile("^" + regexp.QuoteMeta(mountPath+route) + "?"), replacement: "/"}
}

// rewritePath applies the first rule that fits to its first match in the full original path with its query.
func (e *endpoint) rewritePath(original string) string {
	for _, rule := range e.rewrites {
		at := rule.pattern.FindStringSubmatchIndex(original)
		if at == nil {
			continue
		}
		return original[:at[0]] + expand(rule.replacement, rule.pattern.SubexpNames(), original, at) + original[at[1]:]
	}
	return original
}

// expand is what JavaScript's String.replace puts in place of a match: $$, $&, $`, $', $1 to $99 and $<name>. Whatever
// else follows a dollar stands for itself.
func expand(replacement string, names []string, text string, at []int) string {
	group := func(i int) string {
		if at[2*i] < 0 {
			return ""
		}
		return text[at[2*i]:at[2*i+1]]
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(replacement, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		replacement = rest
		if rest == "" {
			b.WriteByte('$')
			return b.String()
		}
		switch rest[0] {
		case '$':
			b.WriteByte('$')
		case '&':
			b.WriteString(group(0))
		case '`':
			b.WriteString(text[:at[0]])
		case '\'':
			b.WriteString(text[at[1]:])
		default:
			i, length := groupNumber(rest, names)
			if i < 0 {
				b.WriteByte('$')
				continue
			}
			b.WriteString(group(i))
			replacement = rest[length:]
			continue
		}
		replacement = rest[1:]
	}
}

// groupNumber reads the group that a text after a dollar names, and how long that name is; -1 when it names none.
func groupNumber(text string, names []string) (group, length int) {
	if name, _, closed := strings.Cut(text[1:], ">"); text[0] == '<' && closed && hasNames(names) {
		for i, n := range names {
			if i > 0 && n == name {
				return i, len(name) + 2
			}
		}
		return -1, 0
	}
	for length = 2; length > 0; length-- {
		if len(text) < length {
			continue
		}
		i, err := strconv.Atoi(text[:length])
		if err == nil && text[0] != '+' && text[0] != '-' && i > 0 && i < len(names) {
			return i, length
		}
	}
	return -1, 0
}

func hasNames(names []string) bool {
	for _, n := range names {
		if n != "" {
			return true
		}
	}
	return false
}
