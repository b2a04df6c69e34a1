package rely

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// answer is what a request is answered with.
type answer struct {
	status int
	header http.Header
	body   []byte
	// verdict says why, for the journal: "ok", "unauthorized", "limited", "invalid", "violation"…
	verdict string
}

// set adds a header.
func (a answer) set(key, value string) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(key, value)
	return a
}

// reply is a good answer. A nil body is none.
func reply(status int, body any) answer {
	a := answer{status: status, verdict: "ok"}
	if body == nil {
		return a
	}
	if doc, ok := body.(document); ok {
		a.body = []byte(doc)
	} else {
		a.body = marshal(body)
	}
	return a.set("Content-Type", "application/json")
}

// refuse is an error as FastAPI writes it.
func refuse(status int, verdict, format string, args ...any) answer {
	a := reply(status, map[string]any{"detail": fmt.Sprintf(format, args...)})
	a.verdict = verdict
	return a
}

// problem is one mistake in a body, as pydantic names it. The first number in Loc is the entity's index.
type problem struct {
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
	Type string `json:"type"`
}

// invalid is the 422 of a body's mistakes, at most a hundred of them.
func invalid(problems []problem, withIndex bool) answer {
	if !withIndex {
		problems = withoutIndex(problems)
	}
	a := reply(http.StatusUnprocessableEntity, map[string]any{"detail": problems[:min(len(problems), 100)]})
	a.verdict = "invalid"
	return a
}

// withoutIndex cuts each place off before its first number, and keeps one of equal problems.
func withoutIndex(problems []problem) []problem {
	var out []problem
	seen := map[string]bool{}
	for _, p := range problems {
		for i, part := range p.Loc {
			if _, ok := part.(int); ok {
				p.Loc = p.Loc[:i:i]
				break
			}
		}
		key := fmt.Sprint(p.Loc, p.Type, p.Msg)
		if !seen[key] {
			seen[key] = true
			out = append(out, p)
		}
	}
	return out
}

// marshal writes a value of ours, which always can be written.
func marshal(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("sim/rely: " + err.Error())
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
