package export

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// digest is the hash of what the destination should have: of the documents in the order of their ids, with a line feed
// between two. Documents are mapped once more for it, in that order, so that no more than a few are held at once.
func (r *runner) digest(ctx context.Context, ids []identity) error {
	slices.SortFunc(ids, func(a, b identity) int { return cmp.Compare(a.id, b.id) })
	before := r.opts.Catalog.Position()
	sum := sha256.New()
	step := runtime.GOMAXPROCS(0) * 16
	for from := 0; from < len(ids); from += step {
		if r.stopped() {
			return errCancelled
		}
		if err := r.digestSome(ctx, sum, ids[from:min(from+step, len(ids))], from == 0); err != nil {
			return err
		}
	}
	if r.opts.Catalog.Position() != before {
		r.warn("the catalog changed meanwhile, so the digest is of a mixture: plan again for an exact one")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.Digest = hex.EncodeToString(sum.Sum(nil))
	return nil
}

func (r *runner) digestSome(ctx context.Context, sum hash.Hash, ids []identity, first bool) error {
	bodies := make([][]byte, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, id := range ids {
		group.Go(func() error {
			e, found, err := r.opts.Catalog.ByRef(ctx, r.who, id.ref)
			if err != nil || !found {
				return err
			}
			doc, err := r.dest.Map(ctx, e)
			if err == nil {
				bodies[i] = doc.Body
			}
			return ctx.Err() // what cannot be mapped any more has changed, which is told
		})
	}
	if err := group.Wait(); err != nil {
		return failed("the catalog cannot be read: %w", err)
	}
	for _, body := range bodies {
		if body == nil {
			continue
		}
		if !first {
			_, _ = sum.Write([]byte{'\n'}) // never fails
		}
		_, _ = sum.Write(body)
		first = false
	}
	return nil
}

// packRefs and unpackRefs keep the refs of a retry, none of which has a line feed.
func packRefs(refs []string) []byte { return packItems([]element{{ref: strings.Join(refs, "\n")}}) }

func unpackRefs(packed []byte) ([]string, error) {
	elements, err := unpackItems(packed)
	if err != nil || len(elements) != 1 {
		return nil, cmp.Or(err, errMangled)
	}
	return splitKeys(elements[0].ref), nil
}
