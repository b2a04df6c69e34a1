package remote

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
)

const (
	// maxRounds is how often a walk is begun that did not see everything.
	maxRounds = 3
	// leastPage is the smallest page that is asked for where larger ones are too much for the peer.
	leastPage = 10
	// idlePages is how many pages may bring nothing new before the cursor is held to lead in a circle.
	idlePages = 20
	// pageTimeout is for one page; Node's database may be busy with it.
	pageTimeout = time.Minute
	// pageBytes bounds one page.
	pageBytes = 64 << 20
)

// Where a walk has to begin anew.
var (
	errShort  = errors.New("it came short")
	errCursor = errors.New("its cursor broke")
)

// refKey is a ref, shortened: a walk holds one for each entity.
type refKey [16]byte

func keyOf(ref string) refKey {
	sum := sha256.Sum256([]byte(ref))
	return refKey(sum[:16])
}

// walk is one reading of everything that a filter selects. It is for one goroutine.
type walk struct {
	r         *Reader
	s         *session
	operation string
	filter    entity.Predicate
	// query is the filter as the peer may be asked; fields a projection, or nil.
	query  string
	fields []string
	size   int
	rows   entity.Flattener

	// seen tells of each ref in which round it came last.
	seen  map[refKey]int
	round int
	// count is how many different entities this round has brought, unnamed how many of them have no ref.
	count   int
	unnamed map[refKey]int
	// doubled is how many entities this round brought a second time right behind the first, on one page. That is no page that
	// moved: older Backstages may have a row of their search table twice, and then count the entity twice as well.
	doubled int
}

func newWalk(r *Reader, operation string, who auth.Credentials, filter entity.Predicate) *walk {
	w := &walk{
		r: r, s: r.session(who), operation: operation, filter: filter, size: r.opts.PageSize,
		seen: map[refKey]int{}, unnamed: map[refKey]int{},
	}
	if filter != nil {
		w.query = string(entity.AppendJSON(nil, entity.PredicateJSON(filter)))
	}
	return w
}

// run calls yield with each entity once, until that returns false. It begins anew where a round cannot be proven to have
// seen everything, and tells of what it has not told yet.
func (w *walk) run(ctx context.Context, yield func(i *item) bool) error {
	for w.round = 1; ; w.round++ {
		stopped, err := w.all(ctx, yield)
		if stopped || err == nil {
			return nil
		}
		if !errors.Is(err, errShort) && !errors.Is(err, errCursor) {
			return err
		}
		if w.round == maxRounds {
			e := unanswered(fmt.Errorf("%w, in each of %d walks; the last one: %w", errIncomplete, maxRounds, err))
			e.Operation, e.Fix = w.operation, "look at Backstage's log, and ask again when less is written to its catalog"
			if address, err := w.r.opts.Address(ctx); err == nil {
				e.Address = redacted(address)
			}
			return e
		}
		// With other borders between pages: of an entity that is there twice, a border would hide one, and the count be missed
		// again and again.
		if errors.Is(err, errShort) {
			w.size = max(1, w.size-1)
		}
		w.r.log.Warn("the walk of the catalog begins anew", "why", err, "round", w.round)
		w.r.meter.retried(w.operation, "incomplete")
	}
}

// errIncomplete is a catalog that could not be read as a whole.
var errIncomplete = errors.New("it could not be read as a whole")

// all does one round. Stopped tells that the consumer wants no more.
func (w *walk) all(ctx context.Context, yield func(i *item) bool) (stopped bool, err error) {
	w.count, w.doubled = 0, 0
	p, err := w.first(ctx)
	if err != nil {
		return false, err
	}
	total, idle, cursor := p.total, 0, ""
	for {
		before := w.count
		if stopped := w.take(p, yield); stopped {
			return true, nil
		}
		if idle++; w.count > before {
			idle = 0
		}
		if p.next == "" {
			return false, w.complete(ctx, total)
		}
		if p.next == cursor || idle > idlePages {
			return false, fmt.Errorf("%w: it leads in a circle after %d of %d entities", errCursor, w.count, total)
		}
		cursor = p.next
		if p, err = w.next(ctx, cursor); err != nil {
			return false, err
		}
	}
}

// take hands on what is new of a page, and is selected.
func (w *walk) take(p page, yield func(i *item) bool) (stopped bool) {
	w.r.meter.read(w.operation, len(p.items))
	var before refKey
	for _, raw := range p.items {
		i := parseItem(raw)
		seen, key := w.seen, keyOf(i.ref)
		if i.ref == "" {
			seen, key = w.unnamed, keyOf(string(raw))
		}
		last := seen[key]
		if seen[key] = w.round; last != w.round {
			w.count++
		} else if key == before {
			w.doubled++
		}
		before = key
		if last == 0 && w.selects(&i) && !yield(&i) {
			return true
		}
	}
	return false
}

// selects applies the filter, to be sure of it. What cannot be read is selected.
func (w *walk) selects(i *item) bool {
	if w.filter == nil || i.err != nil {
		return true
	}
	rows, _ := w.rows.SearchRows(i.entity)
	return entity.Match(w.filter, rows)
}

// complete compares what was seen with what the catalog said that there is. It may be less by what was deleted meanwhile,
// unless as much came where the walk had been already: that cannot be told from a loss, and another round brings it.
func (w *walk) complete(ctx context.Context, total int) error {
	if w.count+w.doubled >= total {
		return nil
	}
	now, err := w.total(ctx)
	if err != nil {
		return err
	}
	if w.count+w.doubled >= now || len(w.seen)+len(w.unnamed) >= now && w.round > 1 {
		return nil
	}
	return fmt.Errorf("%w: it brought %d entities, the catalog counted %d when it began and %d when it ended", errShort, w.count, total, now)
}

// first asks for the first page, in the form that the peer understands.
func (w *walk) first(ctx context.Context) (page, error) { return w.sized(ctx, w.begin) }

// next asks for the page after a cursor, by the verb that it wants.
func (w *walk) next(ctx context.Context, cursor string) (page, error) {
	return w.sized(ctx, func(ctx context.Context, limit int) (page, error) {
		var p page
		var err error
		if wantsPost(cursor) {
			p, err = w.post(ctx, map[string]any{"cursor": cursor}, limit, nil)
		} else {
			p, err = w.get(ctx, url.Values{"cursor": {cursor}}, limit)
		}
		if e, ok := errors.AsType[*Error](err); ok && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound && e.hope == hopeless) {
			return page{}, fmt.Errorf("%w after %d entities: %w", errCursor, w.count, err)
		}
		return p, err
	})
}

// total asks only for the number of entities.
func (w *walk) total(ctx context.Context) (int, error) {
	p, err := w.begin(ctx, 0)
	return p.total, err
}

// sized asks for smaller pages where one is too much for the peer, or for us.
func (w *walk) sized(ctx context.Context, ask func(ctx context.Context, limit int) (page, error)) (page, error) {
	for {
		p, err := ask(ctx, w.size)
		if e, ok := errors.AsType[*Error](err); !ok || !e.large || w.size <= leastPage || ctx.Err() != nil {
			return p, err
		}
		w.size = max(leastPage, w.size/2)
		w.r.log.Warn("the catalog is asked for smaller pages", "size", w.size, "err", err)
		w.r.meter.retried(w.operation, "smaller")
	}
}

// begin asks without a cursor: with the predicate, or, of a peer that takes none, with as narrow a filter as there is.
func (w *walk) begin(ctx context.Context, limit int) (page, error) {
	if w.filter == nil || !w.r.verbs.takes(w.query) {
		return w.get(ctx, url.Values{"filter": filterSets(w.filter)}, limit)
	}
	p, err := w.post(ctx, map[string]any{"query": json.RawMessage(w.query)}, limit, foreign)
	e, ok := errors.AsType[*Error](err)
	if !ok || !foreign(e) {
		return p, err
	}
	if p, err = w.get(ctx, url.Values{"filter": filterSets(w.filter)}, limit); err != nil {
		return p, err
	}
	// It answers, so that it is the verb, or this predicate, that it does not know.
	if e.Status == http.StatusBadRequest {
		w.r.verbs.refuse(w.query)
	} else {
		w.r.verbs.refuse("")
	}
	w.r.log.Info("the catalog does not take the predicate, so more is read than is wanted", "predicate", w.query, "err", e)
	return p, nil
}

// foreign is the answer of a peer that does not know by-query by POST, or what is in it.
func foreign(e *Error) bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		return true
	}
	return false
}

const byQuery = "/entities/by-query"

func (w *walk) get(ctx context.Context, params url.Values, limit int) (page, error) {
	params.Set("limit", strconv.Itoa(limit))
	if w.fields != nil {
		params.Set("fields", strings.Join(w.fields, ","))
	}
	return w.ask(ctx, request{method: http.MethodGet, path: byQuery + "?" + params.Encode()}, limit)
}

func (w *walk) post(ctx context.Context, body map[string]any, limit int, final func(e *Error) bool) (page, error) {
	body["limit"] = limit
	if w.fields != nil {
		body["fields"] = w.fields
	}
	text, err := json.Marshal(body)
	if err != nil {
		return page{}, err
	}
	return w.ask(ctx, request{method: http.MethodPost, path: byQuery, body: text, final: final}, limit)
}

func (w *walk) ask(ctx context.Context, q request, limit int) (p page, err error) {
	q.operation, q.timeout, q.most = w.operation, pageTimeout, pageBytes
	q.patience = w.r.patient(w.s.who, w.r.opts.Patience.Walk)
	outer := q.final
	q.final = func(e *Error) bool {
		return outer != nil && outer(e) || e.large && limit > leastPage
	}
	q.decode = func(body []byte) (err error) {
		p, err = parsePage(body)
		return err
	}
	err = w.r.do(ctx, w.s, q)
	return p, err
}
