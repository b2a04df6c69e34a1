package httpapi

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/understudy-portal/understudy/host/fault"
)

// pair is one parameter of a query string, decoded.
type pair struct{ name, value string }

// params are a request's query parameters, in their order.
type params []pair

// parsePairs reads a query string as URLSearchParams does: what is no valid escape stays as it is.
func parsePairs(raw string) params {
	var p params
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p = append(p, pair{unescape(name), unescape(value)})
	}
	return p
}

func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	if decoded, err := url.QueryUnescape(s); err == nil {
		return strings.ToValidUTF8(decoded, "\uFFFD")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8) // the digits have been checked
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// query returns the request's parameters if all of them are known and none is empty (catalog.md 3).
func query(r *http.Request, known ...string) (params, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	p := parsePairs(r.URL.RawQuery)
	for i := range p {
		if !slices.Contains(known, p[i].name) {
			return nil, fault.Input("Unknown query parameter '%s'", p[i].name)
		}
		// A list may have empty members.
		if p[i].value == "" && len(p.all(p[i].name)) == 1 {
			return nil, fault.Input("Empty value found for query parameter '%s'", p[i].name)
		}
	}
	return p, nil
}

// all returns the values of a parameter that may be repeated.
func (p params) all(name string) []string {
	var values []string
	for i := range p {
		if p[i].name == name {
			values = append(values, p[i].value)
		}
	}
	return values
}

// text returns a parameter that may be there once.
func (p params) text(name string) (value string, ok bool, err error) {
	values := p.all(name)
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	default:
		return "", false, fault.Input("request/query/%s must be string", name)
	}
}

// integer returns a parameter that is a whole number from 0. What is too large to matter is the greatest int.
func (p params) integer(name string) (n int, ok bool, err error) {
	values := p.all(name)
	if len(values) == 0 {
		return 0, false, nil
	}
	f, valid := jsNumber(values[0])
	if len(values) > 1 || !valid || f != math.Trunc(f) {
		return 0, false, fault.Input("request/query/%s must be integer", name)
	}
	if f < 0 {
		return 0, false, fault.Input("request/query/%s must be >= 0", name)
	}
	return clampInt(f), true, nil
}

// clampInt makes an int of a whole number from 0, such that sums of a few of them do not overflow.
func clampInt(f float64) int {
	if f > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(f)
}

// jsNumber reads a number as JavaScript makes one of a string, which is how upstream coerces parameters.
func jsNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, false
	}
	if len(s) > 2 && s[0] == '0' {
		if base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]; base != 0 {
			n, err := strconv.ParseUint(s[2:], base, 64)
			return float64(n), err == nil
		}
	}
	// Go also reads infinities, underscores and hexadecimal fractions.
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// commaLists splits the members of parameters that may be repeated, separated by commas, or both.
func commaLists(values []string) []string {
	var items []string
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimFunc(item, isSpace); item != "" {
				items = append(items, item)
			}
		}
	}
	return items
}

// isSpace is what JavaScript's trim removes.
func isSpace(r rune) bool { return r != '\u0085' && (unicode.IsSpace(r) || r == '\ufeff') }

// encode writes a query string as URLSearchParams does.
func (p params) encode() string {
	var b strings.Builder
	for i := range p {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(formEscape(p[i].name))
		b.WriteByte('=')
		b.WriteString(formEscape(p[i].value))
	}
	return b.String()
}

// formEscape differs from url.QueryEscape in what it leaves alone.
func formEscape(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}

// set replaces a parameter where it first stands, or appends it.
func (p params) set(name, value string) params {
	at := slices.IndexFunc(p, func(q pair) bool { return q.name == name })
	p = slices.DeleteFunc(slices.Clone(p), func(q pair) bool { return q.name == name })
	if at < 0 || at > len(p) {
		at = len(p)
	}
	return slices.Insert(p, at, pair{name, value})
}

// without removes a parameter.
func (p params) without(name string) params {
	return slices.DeleteFunc(slices.Clone(p), func(q pair) bool { return q.name == name })
}
