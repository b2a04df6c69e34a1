package catalog

import (
	"context"
	"runtime/debug"
	"time"
)

const (
	// releaseEvery is how often it is looked whether a burst of changes is over.
	releaseEvery = time.Second
	// releaseFrom is from how many changes it is a burst. Fewer leave little behind.
	releaseFrom = 2000
)

// release gives memory back to the system after a burst of changes: the load at start, or an ingest. Both parse everything
// there is, and the heap that this took would stay resident, at several times what the index keeps, until the collector
// and its scavenger come to it, which on an idle server they hardly do. It costs one collection a burst.
func (t *tail) release(ctx context.Context) error {
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	var b burst
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if b.over(t.applied.Load()) {
			debug.FreeOSMemory()
		}
	}
}

// burst tells when a counter has come to rest after having grown by much.
type burst struct{ last, released int64 }

// over is told the counter now and again.
func (b *burst) over(count int64) bool {
	rests := count == b.last
	b.last = count
	if !rests || count-b.released < releaseFrom {
		return false
	}
	b.released = count
	return true
}
