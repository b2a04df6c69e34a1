package config

import (
	"slices"
	"strings"
)

// unknown is a problem for each key of the section that is not among known, with a guess at the one that was meant.
func (c *Config) unknown(known []string, warning bool) Problems {
	if c.node == nil {
		return nil
	}
	var ps Problems
	for _, f := range c.node.fields {
		if !slices.Contains(known, f.name) {
			ps = append(ps, Problem{Warning: warning, Origin: f.origin, Path: join(c.path, f.name), Message: "unknown key", Hint: advise(f.name, known)})
		}
	}
	return ps
}

// onlyKeys is unknown for a mapping below the section, as an error.
func (c *Config) onlyKeys(path string, known ...string) error {
	section, err := c.OptionalSub(path)
	if err != nil || section == nil {
		return err
	}
	if ps := section.unknown(known, false); len(ps) > 0 {
		return ps
	}
	return nil
}

// fewKeys is how many keys a line can list.
const fewKeys = 12

// advise is a guess, or else the list of the keys that there are, where that is short.
func advise(name string, known []string) string {
	hint := guess(name, known)
	if hint == "" && len(known) > 0 && len(known) <= fewKeys {
		hint = "known are " + strings.Join(known, ", ")
	}
	return hint
}

// guess is a hint at the name that was probably meant, "" when none is near.
func guess(name string, known []string) string {
	best, distance := "", max(1, min(3, len(name)/3))+1
	for _, k := range known {
		if d := edits(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean '" + best + "'?"
}

// edits counts the insertions, deletions, replacements and swaps of neighbours that turn a into b.
func edits(a, b string) int {
	s, t := []rune(a), []rune(b)
	const far = 100
	if len(s) > far || len(t) > far {
		return far
	}
	rows := make([][]int, len(s)+1)
	for i := range rows {
		rows[i] = make([]int, len(t)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			replace := rows[i-1][j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(s)][len(t)]
}
