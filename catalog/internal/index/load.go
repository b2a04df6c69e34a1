package index

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// LoadPart is how many entities to hand to Load at once: they become one segment.
const LoadPart = buildDocs

// Load replaces all there is by the entities that read adds, each ref once, as the state at the position that it returns.
// Parts are built on all cores while read fetches the next one; add waits while all cores are busy, so that no more is in
// memory than is worked on. If read or a part fails, or the position lies before the current one, nothing changes.
func (ix *Index) Load(read func(add func(part []Doc)) (position int64, err error)) error {
	ix.writer.Lock()
	defer ix.writer.Unlock()
	start := time.Now()
	old := ix.current.Load()
	var (
		group errgroup.Group
		built []*view
	)
	group.SetLimit(runtime.GOMAXPROCS(0))
	position, err := read(func(part []Doc) {
		if len(part) == 0 {
			return
		}
		v := new(view)
		built = append(built, v)
		group.Go(func() error {
			for i := range part {
				part[i].UID = strings.ToLower(part[i].UID)
			}
			seg, err := build(old.seed, part)
			if err != nil {
				return fmt.Errorf("index %d entities: %w", len(part), err)
			}
			*v = newView(seg)
			return nil
		})
	})
	if failed := group.Wait(); err == nil {
		err = failed
	}
	if err == nil && position < old.position {
		err = fmt.Errorf("the index is at %d already, after %d", old.position, position)
	}
	if err != nil {
		return err
	}
	next := &Snapshot{seed: old.seed, position: position}
	views := make([]view, len(built))
	for i, v := range built {
		views[i] = *v
		next.count += v.count
	}
	next.views = compact(old.seed, views)
	ix.publish(next, next.count, start)
	return nil
}
