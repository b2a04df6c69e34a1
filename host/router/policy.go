package router

import "strings"

// policy is a set of path prefixes (core.md 5).
type policy struct {
	all   bool
	paths [][]string // lower-case segments
}

func (p *policy) add(path string) {
	if path == "/" {
		p.all = true
		return
	}
	// A path without its leading slash, or with a trailing one, is kept as it is: it matches nothing.
	p.paths = append(p.paths, strings.Split(lower(path), "/"))
}

// matches takes a raw path that begins with a slash.
func (p *policy) matches(path string) bool {
	if p.all {
		return true
	}
	for _, segments := range p.paths {
		if covers(segments, path) {
			return true
		}
	}
	return false
}

func covers(segments []string, path string) bool {
	if len(segments) < 2 || segments[0] != "" {
		return false
	}
	rest := path
	for _, want := range segments[1:] {
		if rest == "" || rest[0] != '/' {
			return false
		}
		got := rest[1:]
		if i := strings.IndexByte(got, '/'); i >= 0 {
			got, rest = got[:i], got[i:]
		} else {
			rest = ""
		}
		if got == "" || want == "" {
			return false
		}
		if want[0] == ':' && len(want) > 1 {
			continue
		}
		if !equalFoldASCII(want, got) {
			return false
		}
	}
	return true
}

// equalFoldASCII compares with a text that is lower case already. Unicode folding would let other letters stand for
// ASCII ones, such as the Kelvin sign for k.
func equalFoldASCII(want, got string) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range len(got) {
		if lowerByte(got[i]) != want[i] {
			return false
		}
	}
	return true
}
