package rely

import (
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
)

// dangles are words of a refusal because of a relation to what is not there. Whether Rely refuses such, and in which
// words, is not known (export.md 2.4).
var dangles = regexp.MustCompile(`(?is)(relation|target|refer).*(not exist|n't exist|not found|unknown|missing|dangling)`)

// Bare leaves out a document's relations, if that is what it was refused for.
func (d *Destination) Bare(doc export.Document, refusal string) (export.Document, bool) {
	if d.opts.Mode == Raw || !dangles.MatchString(refusal) {
		return doc, false
	}
	o, err := entity.ParseObject(doc.Body)
	if err != nil || section(o, "relations").Len() == 0 {
		return doc, false
	}
	o.Set("relations", entity.NewObject())
	doc.Body = entity.StableJSON(o)
	doc.Keys = slices.DeleteFunc(slices.Clone(doc.Keys), func(key string) bool { return strings.HasPrefix(key, "relations.") })
	return doc, true
}

var _ export.Barer = (*Destination)(nil)
