package entity

import (
	"net/netip"
	"strconv"
	"strings"
)

// validURL reports whether the WHATWG URL parser, which browsers and Node have, takes s without a base. It is far more
// tolerant than net/url in some places and stricter in others. Names in other scripts are not run through IDNA: what
// only fails there is accepted.
func validURL(s string) bool {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if strings.ContainsAny(s, "\t\n\r") {
		s = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !validScheme(scheme) {
		return false
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "http", "https", "ws", "wss", "ftp":
		rest = strings.TrimLeft(rest, `/\`) // any number of them is forgiven
		return validAuthority(until(rest, `/\?#`), true)
	case "file":
		rest = strings.ReplaceAll(rest, `\`, "/")
		if rest, ok = strings.CutPrefix(rest, "//"); !ok {
			return true
		}
		host := until(rest, "/?#")
		return host == "" || isDriveLetter(host) || validDomain(host)
	default:
		if rest, ok = strings.CutPrefix(rest, "//"); !ok {
			return true // a path that means something to the scheme alone, as in mailto:
		}
		authority := until(rest, "/?#")
		return authority == "" || validAuthority(authority, false)
	}
}

func until(s, stop string) string {
	if i := strings.IndexAny(s, stop); i >= 0 {
		return s[:i]
	}
	return s
}

func validScheme(s string) bool {
	return s != "" && isAlphanum(s[0]) && !isDigit(s[0]) &&
		all(s, func(c byte) bool { return isAlphanum(c) || c == '+' || c == '-' || c == '.' })
}

func isDriveLetter(s string) bool {
	return len(s) == 2 && isAlphanum(s[0]) && !isDigit(s[0]) && (s[1] == ':' || s[1] == '|')
}

// validAuthority checks [user[:password]@]host[:port]. special says that the scheme is one of those that have domains.
func validAuthority(s string, special bool) bool {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		host, port = s[:i], s[i+1:]
	}
	if host == "" || !validPort(port) {
		return false
	}
	if host[0] == '[' {
		return validIPv6(host)
	}
	if special {
		return validDomain(host)
	}
	return !strings.ContainsAny(host, "\x00\t\n\r #/:<>?@[\\]^|")
}

func validPort(s string) bool {
	if s == "" {
		return true
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return err == nil && n <= 65535
}

func validIPv6(host string) bool {
	inner, ok := strings.CutSuffix(host[1:], "]")
	if !ok || strings.Contains(inner, "%") {
		return false
	}
	addr, err := netip.ParseAddr(inner)
	return err == nil && addr.Is6()
}

func validDomain(host string) bool {
	host, ok := percentDecode(host)
	if !ok || host == "" {
		return false
	}
	for i := range len(host) {
		if c := host[i]; c <= ' ' || c == 0x7f || strings.IndexByte(`#/:<>?@[\]^|%`, c) >= 0 {
			return false
		}
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	if last := labels[len(labels)-1]; isIPv4Part(last) || (last != "" && all(last, isDigit)) {
		return validIPv4(labels)
	}
	return true
}

// percentDecode leaves a stray percent sign where it is, which makes the host invalid.
func percentDecode(s string) (string, bool) {
	if !strings.Contains(s, "%") {
		return s, true
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out), len(out) > 0
}

func isIPv4Part(s string) bool {
	_, ok := ipv4Part(s)
	return ok
}

func ipv4Part(s string) (uint64, bool) {
	base := 10
	switch {
	case s == "":
		return 0, false
	case strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X"):
		s, base = s[2:], 16
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	if s == "" {
		return 0, true // "0x" is zero
	}
	if s[0] == '+' || strings.Contains(s, "_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil
}

// validIPv4 takes one to four numbers, the last of which fills what the others leave.
func validIPv4(labels []string) bool {
	if len(labels) > 4 {
		return false
	}
	for i, label := range labels {
		n, ok := ipv4Part(label)
		limit := uint64(256)
		if i == len(labels)-1 {
			limit = 1 << (8 * (5 - len(labels)))
		}
		if !ok || n >= limit {
			return false
		}
	}
	return true
}
