package index

import (
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"
)

// buildDocs is how many documents are built into one segment at a time, so that a large batch uses all cores and its
// parsed entities never exist all at once. Merging makes larger ones of them.
const buildDocs = 4096

// Snapshot is the catalog at one position of the change log. It is immutable and safe for concurrent use.
type Snapshot struct {
	seed     maphash.Seed
	position int64
	views    []view
	count    int
}

// view is a segment as one snapshot sees it.
type view struct {
	seg   *segment
	live  *roaring.Bitmap // seg.full as long as nothing is dead
	count int             // living documents
}

func newView(s *segment) view { return view{seg: s, live: s.full, count: s.len()} }

// Position is the last position of the change log that the snapshot has seen.
func (s *Snapshot) Position() int64 { return s.position }

// Len is the number of entities.
func (s *Snapshot) Len() int { return s.count }

// ByRef returns the entity with a canonical ref.
func (s *Snapshot) ByRef(ref string) (Doc, bool) {
	at, doc, ok := s.find(ref)
	if !ok {
		return Doc{}, false
	}
	return s.views[at].seg.doc(doc), true
}

// find returns the view and the number of the entity with a canonical ref.
func (s *Snapshot) find(ref string) (at int, doc uint16, ok bool) {
	hash := maphash.String(s.seed, ref)
	for i := range s.views {
		v := &s.views[i]
		if doc, ok := v.seg.byRef(ref, hash); ok && v.live.Contains(uint32(doc)) {
			return i, doc, true
		}
	}
	return 0, 0, false
}

// ByUID returns the entity with a uid, in any case.
func (s *Snapshot) ByUID(uid string) (Doc, bool) {
	uid = strings.ToLower(uid)
	for i := range s.views {
		v := &s.views[i]
		if doc, ok := v.seg.byUID(uid); ok && v.live.Contains(uint32(doc)) {
			return v.seg.doc(doc), true
		}
	}
	return Doc{}, false
}

// apply returns the snapshot after the changes.
func (s *Snapshot) apply(changes []Change, position int64) (*Snapshot, error) {
	last := make(map[string]int, len(changes))
	for i := range changes {
		last[changes[i].Ref] = i
	}
	var added []Doc
	for i := range changes {
		if c := &changes[i]; last[c.Ref] == i && c.Body != nil {
			added = append(added, Doc{Ref: c.Ref, UID: strings.ToLower(c.UID), Body: c.Body})
		}
	}
	built, err := buildAll(s.seed, added)
	if err != nil {
		return nil, err
	}
	next := &Snapshot{seed: s.seed, position: position}
	next.views = compact(s.seed, append(s.without(last), built...))
	for i := range next.views {
		next.count += next.views[i].count
	}
	return next, nil
}

// without returns the views with the given refs dead.
func (s *Snapshot) without(refs map[string]int) []view {
	views := slices.Clone(s.views)
	if len(views) == 0 {
		return views
	}
	for ref := range refs {
		hash := maphash.String(s.seed, ref)
		for i := range views {
			v := &views[i]
			doc, ok := v.seg.byRef(ref, hash)
			if !ok || !v.live.Contains(uint32(doc)) {
				continue
			}
			if v.live == s.views[i].live {
				v.live = v.live.Clone()
			}
			v.live.Remove(uint32(doc))
			v.count--
			break
		}
	}
	return views
}

// buildAll builds segments of the documents, on all cores.
func buildAll(seed maphash.Seed, docs []Doc) ([]view, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	parts := slices.Collect(slices.Chunk(docs, buildDocs))
	views := make([]view, len(parts))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, part := range parts {
		group.Go(func() error {
			seg, err := build(seed, part)
			if err != nil {
				return fmt.Errorf("index %d entities: %w", len(part), err)
			}
			views[i] = newView(seg)
			return nil
		})
	}
	return views, group.Wait()
}
