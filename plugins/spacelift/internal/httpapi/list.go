package httpapi

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/state"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/trigger"
)

const (
	defaultLimit = 50
	maxLimit     = 200
	maxQuery     = 200
	// maxValues bounds the values of one filter.
	maxValues = 100
)

type stackPage struct {
	Items      []stackView `json:"items"`
	NextCursor string      `json:"nextCursor,omitempty"`
	TotalItems int         `json:"totalItems"`
	SyncedAt   *time.Time  `json:"syncedAt"`
	Spaces     []spaceView `json:"spaces"`
	Labels     []countView `json:"labels"`
	Groups     []countView `json:"groups"`
}

type countView struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// filter is what a list was asked for. Values of one kind are joined by or, labels and kinds by and.
type filter struct {
	words                                       []string
	states, groups, spaces, labels, repos, vend []string
	// ids are those that an entity names; only looked at when byEntity is set.
	ids      []string
	byEntity bool
	limit    int
	after    string
}

func parseFilter(q url.Values) (filter, error) {
	f := filter{
		states: q["state"], groups: q["group"], spaces: q["space"], labels: q["label"], repos: q["repository"], vend: q["vendor"],
		words: strings.Fields(strings.ToLower(q.Get("q"))), limit: defaultLimit,
	}
	if utf8.RuneCountInString(q.Get("q")) > maxQuery {
		return f, invalid("q may have %d characters at most", maxQuery)
	}
	for name, values := range map[string][]string{"state": f.states, "group": f.groups, "space": f.spaces, "label": f.labels, "repository": f.repos, "vendor": f.vend} {
		if len(values) > maxValues {
			return f, invalid("%s may be given %d times at most", name, maxValues)
		}
	}
	for _, g := range f.groups {
		if !slices.Contains(state.Groups(), g) {
			return f, invalid("there is no group %q; there are %s", g, strings.Join(state.Groups(), ", "))
		}
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxLimit {
			return f, invalid("limit must be a number from 1 to %d", maxLimit)
		}
		f.limit = n
	}
	if text := q.Get("cursor"); text != "" {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || !strings.Contains(string(raw), "\x00") {
			return f, invalid("the cursor is none that was given out here")
		}
		f.after = string(raw)
	}
	return f, nil
}

// inState reports whether a stack is in one of the states and groups that are asked for.
func (f *filter) inState(stack *mirror.Stack) bool {
	return (len(f.states) == 0 || slices.Contains(f.states, stateOf(stack.State))) &&
		(len(f.groups) == 0 || slices.Contains(f.groups, stack.Group))
}

// match reports whether a stack is what is asked for, whatever its state.
func (f *filter) match(s *mirror.Snapshot, stack *mirror.Stack) bool {
	switch {
	case f.byEntity && !slices.Contains(f.ids, stack.ID),
		len(f.vend) > 0 && !slices.Contains(f.vend, vendorOf(stack.Vendor)),
		len(f.repos) > 0 && !slices.Contains(f.repos, stack.Repository) && !slices.Contains(f.repos, stack.Namespace+"/"+stack.Repository),
		len(f.spaces) > 0 && !slices.ContainsFunc(f.spaces, func(above string) bool { return s.Within(stack.Space.ID, above) }):
		return false
	}
	for _, label := range f.labels {
		if !slices.Contains(stack.Labels, label) {
			return false
		}
	}
	for _, word := range f.words {
		if !strings.Contains(stack.Text, word) {
			return false
		}
	}
	return true
}

// listStacks is GET /v1/stacks. A cursor is the key of the last stack, so that stacks that come and go between two pages
// neither repeat nor hide others.
func (a *API) listStacks(w http.ResponseWriter, r *http.Request, may []access) error {
	q := r.URL.Query()
	f, err := parseFilter(q)
	if err != nil {
		return err
	}
	if ref := q.Get("entityRef"); ref != "" {
		f.byEntity = true
		if f.ids, err = a.entities.stacksOf(r.Context(), auth.FromContext(r.Context()), ref); err != nil {
			return err
		}
	}
	s, err := a.Mirror.Await(r.Context())
	if err != nil {
		return err
	}
	a.tellAge(w, s)
	return router.WriteJSON(w, r, http.StatusOK, a.page(may[0].view(s), &f, may[1]))
}

func (a *API) page(s *mirror.Snapshot, f *filter, trigger access) stackPage {
	page := stackPage{Items: []stackView{}, SyncedAt: &s.State.SweptAt, Spaces: []spaceView{}, Labels: counts(s.Labels)}
	for _, space := range s.Spaces {
		page.Spaces = append(page.Spaces, a.viewSpace(space))
	}
	from := 0
	if f.after != "" {
		from = sort.Search(len(s.Stacks), func(i int) bool { return s.Stacks[i].Key > f.after })
	}
	last := ""
	groups := map[string]int{}
	for i, stack := range s.Stacks {
		if !f.match(s, stack) {
			continue
		}
		groups[stack.Group]++
		if !f.inState(stack) {
			continue
		}
		page.TotalItems++
		switch {
		case i < from:
		case len(page.Items) < f.limit:
			page.Items = append(page.Items, a.viewStack(stack.Stack, a.held(s, stack.ID), trigger.allows(s, &stack.Stack)))
			last = stack.Key
		case page.NextCursor == "":
			page.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(last))
		}
	}
	// What another group would show, if it were chosen.
	for _, g := range state.Groups() {
		page.Groups = append(page.Groups, countView{Value: g, Count: groups[g]})
	}
	return page
}

// held returns the trigger that keeps others from a stack. While Spacelift cannot be asked what became of it, its row
// stays longer than that (trigger.Engine.Settle), and keeps nobody from anything.
func (a *API) held(s *mirror.Snapshot, id string) *store.Trigger {
	if t, ok := s.Pending[id]; ok && a.Now().Sub(t.HeldSince()) < trigger.Hold {
		return &t
	}
	return nil
}

func counts(list []mirror.Count) []countView {
	out := make([]countView, len(list))
	for i, c := range list {
		out[i] = countView(c)
	}
	return out
}

func escaped(parts []string) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		// JoinPath would resolve dots.
		out[i] = strings.ReplaceAll(url.PathEscape(p), "..", "%2E%2E")
	}
	return out
}
