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

// digestBatch is how many documents are made at once for the digest: they are held together.
const digestBatch = 256

// digest is the hash of what the destination should have: of the documents in the order of their ids, with a line feed
// between two. Documents are mapped once more for it, in that order, so that no more than a few are held at once; what
// changes meanwhile is told.
func (r *runner) digest(ctx context.Context, ids []identity) error {
	slices.SortFunc(ids, func(a, b identity) int { return cmp.Compare(a.id, b.id) })
	sum := sha256.New()
	changed := 0
	for from := 0; from < len(ids); from += digestBatch {
		if r.stopped() {
			return errCancelled
		}
		n, err := r.digestSome(ctx, sum, ids[from:min(from+digestBatch, len(ids))], from == 0)
		if err != nil {
			return err
		}
		changed += n
	}
	if changed > 0 {
		r.warn("the catalog changed meanwhile, so the digest is of a mixture: plan again for an exact one")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress.Digest = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// digestSome adds some documents, and returns how many are not those that were planned.
func (r *runner) digestSome(ctx context.Context, sum hash.Hash, ids []identity, first bool) (changed int, err error) {
	refs := make([]string, len(ids))
	for i, id := range ids {
		refs[i] = id.ref
	}
	entities, _, err := r.read(ctx, refs) // what cannot be read any more has changed too
	if err != nil {
		return 0, err
	}
	bodies := make([][]byte, len(ids))
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, e := range entities {
		if e == nil {
			continue
		}
		group.Go(func() error {
			doc, err := r.dest.Map(limited, *e)
			if err == nil {
				bodies[i] = doc.Body
			}
			return limited.Err() // what cannot be mapped any more has changed, which is told
		})
	}
	if err := group.Wait(); err != nil {
		return 0, unread(ctx, err)
	}
	for i, body := range bodies {
		if body == nil || sha256.Sum256(body) != ids[i].hash {
			changed++
		}
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
	return changed, nil
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
