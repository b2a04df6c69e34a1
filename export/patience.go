package export

import (
	"sync"
	"time"
)

// patience is how long tickets of this run took to settle, and so when it is worth asking about the next one: each poll
// too early is a request that counts against a rate, each too late keeps a chunk waiting. It may be used concurrently.
type patience struct {
	mu     sync.Mutex    // guards settle
	settle time.Duration // zero until a ticket has settled
}

// first is how long to wait before the first poll of a ticket. Nobody waits for longer than the time between polls.
func (p *patience) first(every time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settle == 0 {
		return max(every/8, time.Millisecond)
	}
	return min(max(p.settle, time.Millisecond), max(every, time.Millisecond))
}

// learn takes in how long a ticket took. One that had settled before the first poll may have done so long before it.
func (p *patience) learn(atFirstPoll bool, took time.Duration) {
	if atFirstPoll {
		took /= 2
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle = max(took, time.Millisecond)
}
