package export

import (
	"fmt"
	"time"
)

// trouble is what goes wrong at present, and is tried again.
type trouble struct {
	text string // what was tried, and what came of it; empty when all is well
	next time.Time
	told bool // operators know of it
}

// note is what people are told, whenever they look.
func (t trouble) note(now time.Time) string {
	if t.text == "" {
		return ""
	}
	left := t.next.Sub(now)
	if left <= 0 {
		return t.text + "; trying again"
	}
	return fmt.Sprintf("%s; next in %s", t.text, max(time.Second, left.Round(time.Second)))
}

// failing notes a failure after which there will be another try. Operators are told of the first in a run.
func (r *runner) failing(f *Failure, what string, wait time.Duration) {
	r.mu.Lock()
	told := r.trouble.told
	r.trouble.told = true
	r.mu.Unlock()
	if !told {
		r.log.Warn("the destination does not take what it is sent; trying again", "run", r.row.id, "next", wait.Round(time.Millisecond), "err", f)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble.text, r.trouble.next = what+": "+f.Error(), r.now().Add(wait)
}

// works notes that the destination answers.
func (r *runner) works() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble.text = ""
}
