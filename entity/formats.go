package entity

import "strings"

// The formats of catalog.md 1.1 and 1.2, written as loops rather than as regular expressions, because every entity
// passes through some twenty of them on every change. All allowed characters are ASCII, so bytes may be counted.

func isLower(c byte) bool    { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isAlphanum(c byte) bool { return isLower(c) || isDigit(c) || (c >= 'A' && c <= 'Z') }

func validLength(s string, limit int) bool { return s != "" && len(s) <= limit }

func all(s string, ok func(c byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

// validAPIVersion: [DNS subdomain/]alphanumerics.
func validAPIVersion(s string) bool {
	return validPrefixed(s, func(suffix string) bool { return validLength(suffix, 63) && all(suffix, isAlphanum) })
}

// validKey is for labels and annotations: [DNS subdomain/]object name.
func validKey(s string) bool { return validPrefixed(s, validName) }

func validPrefixed(s string, validSuffix func(string) bool) bool {
	prefix, suffix, ok := strings.Cut(s, "/")
	if !ok {
		return validSuffix(s)
	}
	return validDNSSubdomain(prefix) && validSuffix(suffix)
}

// validKind: ^[a-zA-Z][a-z0-9A-Z]*$
func validKind(s string) bool {
	return validLength(s, 63) && !isDigit(s[0]) && all(s, isAlphanum)
}

// validName is for object names: ^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$
func validName(s string) bool {
	return validLength(s, 63) && isAlphanum(s[0]) && isAlphanum(s[len(s)-1]) &&
		all(s, func(c byte) bool { return isAlphanum(c) || c == '-' || c == '_' || c == '.' })
}

func validLabelValue(s string) bool { return s == "" || validName(s) }

// validDNSLabel: ^[a-z0-9]+(?:\-+[a-z0-9]+)*$
func validDNSLabel(s string) bool {
	lowerOrDigit := func(c byte) bool { return isLower(c) || isDigit(c) }
	return validLength(s, 63) && lowerOrDigit(s[0]) && lowerOrDigit(s[len(s)-1]) &&
		all(s, func(c byte) bool { return lowerOrDigit(c) || c == '-' })
}

func validDNSSubdomain(s string) bool {
	if !validLength(s, 253) {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !validDNSLabel(label) {
			return false
		}
	}
	return true
}

// validTag: ^[a-z0-9:+#]+(\-[a-z0-9:+#]+)*$
func validTag(s string) bool {
	return validLength(s, 63) && s[0] != '-' && s[len(s)-1] != '-' && !strings.Contains(s, "--") &&
		all(s, func(c byte) bool { return isLower(c) || isDigit(c) || strings.IndexByte(":+#-", c) >= 0 })
}

func validText(s string) bool { return trim(s) != "" }
