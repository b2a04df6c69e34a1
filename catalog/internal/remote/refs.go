package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
)

// The limits of by-refs: those of the official client (catalog.md 9.1), so that no peer finds a request too long.
const (
	chunkRefs  = 1000
	chunkBytes = 90 << 10
	// chunksAtOnce is how many requests one call has under way.
	chunksAtOnce = 2
	refsTimeout  = 30 * time.Second
)

// ByRefs asks by-refs, in chunks. The error of an entity that cannot be read is a *host.EntityError; the others are there
// all the same.
func (r *Reader) ByRefs(ctx context.Context, who auth.Credentials, refs []string) ([]*entity.Entity, error) {
	found := make([]*entity.Entity, len(refs))
	s := r.session(who)
	wire, err := encodeRefs(refs)
	if err != nil {
		return nil, err
	}
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(chunksAtOnce)
	damaged := make([]error, len(refs))
	for from := 0; from < len(refs); {
		to := chunkEnd(wire, from)
		some := question{refs[from:to], wire[from:to], found[from:to], damaged[from:to]}
		group.Go(func() error { return r.someRefs(limited, s, some) })
		from = to
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return found, errors.Join(damaged...)
}

// encodeRefs makes JSON of each ref. Nothing is escaped for HTML, which would make some refs six times as long.
func encodeRefs(refs []string) ([][]byte, error) {
	wire := make([][]byte, len(refs))
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for i, ref := range refs {
		text.Reset()
		if err := encoder.Encode(ref); err != nil {
			return nil, err
		}
		wire[i] = bytes.Clone(bytes.TrimSpace(text.Bytes()))
	}
	return wire, nil
}

// chunkEnd is where the chunk ends that begins at from. What counts is what goes over the wire.
func chunkEnd(wire [][]byte, from int) int {
	size, to := 0, from
	for to < len(wire) && to-from < chunkRefs {
		if size += len(wire[to]) + 1; size > chunkBytes && to > from {
			break
		}
		to++
	}
	return to
}

// question is what one request asks for, and where its answer goes.
type question struct {
	refs    []string
	wire    [][]byte // of refs
	found   []*entity.Entity
	damaged []error
}

func (q question) part(from, to int) question {
	return question{q.refs[from:to], q.wire[from:to], q.found[from:to], q.damaged[from:to]}
}

func (q question) body() []byte {
	return slices.Concat([]byte(`{"entityRefs":[`), bytes.Join(q.wire, []byte(",")), []byte("]}"))
}

func (r *Reader) someRefs(ctx context.Context, s *session, q question) error {
	refs := q.refs
	var items []json.RawMessage
	err := r.do(ctx, s, request{
		operation: opRefs, method: http.MethodPost, path: "/entities/by-refs", body: q.body(),
		timeout: refsTimeout, patience: r.patient(s.who, r.opts.Patience.Refs), most: pageBytes,
		decode: func(body []byte) (err error) {
			items, err = parseRefs(body, len(refs))
			return err
		},
	})
	if e, ok := errors.AsType[*Error](err); ok && (errors.Is(e, errTooLong) || e.Status == http.StatusRequestEntityTooLarge) && len(refs) > 1 {
		half := len(refs) / 2
		if err := r.someRefs(ctx, s, q.part(0, half)); err != nil {
			return err
		}
		return r.someRefs(ctx, s, q.part(half, len(refs)))
	}
	if err != nil {
		return err
	}
	for k, raw := range items {
		if isNull(raw) {
			continue
		}
		i := parseItem(raw)
		switch {
		case i.err != nil:
			q.damaged[k] = &host.EntityError{Ref: refs[k], Err: errors.Unwrap(i.err)}
		case i.ref != entity.Fold(refs[k]):
			return fmt.Errorf("read the catalog: it answers with %s where %s was asked for", legible(i.ref), refs[k])
		default:
			q.found[k] = &i.entity
			r.meter.read(opRefs, 1)
		}
	}
	return nil
}

// ByRef asks by-name. A NotFoundError is an answer; an empty 404 is that of a peer without a catalog, or one that starts.
func (r *Reader) ByRef(ctx context.Context, who auth.Credentials, ref string) (entity.Entity, bool, error) {
	name, err := entity.ParseRef(ref, entity.RefDefaults{})
	if err != nil {
		return entity.Entity{}, false, nil //nolint:nilerr // no entity has a ref that is none
	}
	var found item
	err = r.do(ctx, r.session(who), request{
		operation: opName, method: http.MethodGet, most: pageBytes,
		path:    "/entities/by-name/" + escape(name.Kind) + "/" + escape(name.Namespace) + "/" + escape(name.Name),
		timeout: refsTimeout, patience: r.opts.Patience.Person,
		decode: func(body []byte) error {
			if found = parseItem(body); found.err == nil && found.ref != name.String() {
				return fmt.Errorf("it is the entity %s, not %s", legible(found.ref), name)
			}
			return nil
		},
	})
	if e, ok := errors.AsType[*Error](err); ok && e.Status == http.StatusNotFound && e.hope == hopeless {
		return entity.Entity{}, false, nil
	}
	if err != nil {
		return entity.Entity{}, false, err
	}
	if found.err != nil {
		return entity.Entity{}, false, &host.EntityError{Ref: name.String(), Err: errors.Unwrap(found.err)}
	}
	r.meter.read(opName, 1)
	return found.entity, true, nil
}

// escape makes a part of a path, of which dots must not be read as a way upwards.
func escape(part string) string {
	switch part {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return url.PathEscape(part)
}
