package proxy

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// compileJS compiles a regular expression that was written for JavaScript. What both languages have but write differently
// is translated; what Go's lacks, since it promises linear time, is an error that says what to write instead.
func compileJS(pattern string) (*regexp.Regexp, error) {
	translated, err := translateJS(pattern)
	if err != nil {
		return nil, err
	}
	compiled, err := regexp.Compile(translated)
	if err != nil {
		// Go's text quotes the expression, which the reader has before them.
		return nil, errors.New("the expression cannot be read: " + strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return compiled, nil
}

// jsReader goes through an expression.
type jsReader struct {
	in    string
	at    int
	class bool // inside of []
	out   strings.Builder
}

func translateJS(pattern string) (string, error) {
	r := &jsReader{in: pattern}
	for r.at < len(r.in) {
		if err := r.next(); err != nil {
			return "", err
		}
	}
	return r.out.String(), nil
}

func (r *jsReader) rest() string { return r.in[r.at:] }

func (r *jsReader) take(n int, write string) error {
	r.at += n
	r.out.WriteString(write)
	return nil
}

// next translates what comes next.
func (r *jsReader) next() error {
	switch c := r.in[r.at]; {
	case c == '\\':
		return r.escape()
	case r.class && c == ']':
		r.class = false
		return r.take(1, "]")
	case r.class && c == '[':
		return r.take(1, `\[`) // Go would look for a [:class:]
	case r.class:
		return r.take(1, r.in[r.at:r.at+1])
	case strings.HasPrefix(r.rest(), "[^]"):
		return r.take(3, `(?s:.)`)
	case strings.HasPrefix(r.rest(), "[]"):
		return errors.New("[] matches nothing; leave the rule out")
	case c == '[':
		r.class = true
		if strings.HasPrefix(r.rest(), "[^") {
			return r.take(2, "[^")
		}
		return r.take(1, "[")
	case c == '(':
		return r.group()
	default:
		return r.take(1, r.in[r.at:r.at+1])
	}
}

// group passes groups on, but for those that look around.
func (r *jsReader) group() error {
	for _, around := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
		if strings.HasPrefix(r.rest(), around) {
			return errors.New("looking ahead or behind, " + around + "…), is not supported; " +
				"write one rule for each case: the first one that fits is applied, so what must not be changed comes first and is replaced by $&")
		}
	}
	return r.take(1, "(")
}

// escape translates a backslash and what it is for.
func (r *jsReader) escape() error {
	rest := r.rest()
	if len(rest) == 1 {
		return errors.New("it ends with a backslash")
	}
	c := rest[1]
	switch {
	case c == 'b' && r.class:
		return r.take(2, `\x08`)
	case c == '0' && (len(rest) == 2 || rest[2] < '0' || rest[2] > '9'):
		return r.take(2, `\x00`)
	case c >= '0' && c <= '9':
		return errors.New(`a reference to a group, \` + string(c) + ", is not supported; write out what it stands for")
	case c == 'k' && strings.HasPrefix(rest, `\k<`):
		return errors.New(`a reference to a group, \k<…>, is not supported; write out what it stands for`)
	case c == 'x' || c == 'u':
		return r.code(rest, map[byte]int{'x': 2, 'u': 4}[c])
	case strings.IndexByte("dDwWsSbBtnvfr", c) >= 0:
		return r.take(2, rest[:2])
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		// Any other letter stands for itself, also those that mean something to Go, such as \A or \Q.
		return r.take(2, rest[1:2])
	case c >= 0x80:
		return r.take(1, "")
	default:
		return r.take(2, rest[:2])
	}
}

// code translates \xHH and \uHHHH; without the digits the letter stands for itself.
func (r *jsReader) code(rest string, digits int) error {
	if len(rest) >= 2+digits {
		if _, err := strconv.ParseUint(rest[2:2+digits], 16, 32); err == nil {
			return r.take(2+digits, `\x{`+rest[2:2+digits]+`}`)
		}
	}
	return r.take(2, rest[1:2])
}
