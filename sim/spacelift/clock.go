package spacelift

import (
	"container/heap"
	"time"
)

// clock has two hands. The life of runs passes at Options.Speed, or only by Advance; time stamps and tokens go by Now and
// Advance. A demo at five times the speed so still shows "a minute ago" for what happened a minute ago.
type clock struct {
	now      func() time.Time
	start    time.Time
	speed    float64
	advanced time.Duration
	events   events
	sequence uint64
	// life and time are where the two hands stand: at an event while it acts, else where catchUp left them. Delays count
	// from there, so that one long Advance does what many short ones do.
	life time.Duration
	time time.Time
}

// catchUp runs what is due, in order, and stamps each with the time at which it would have happened.
func (c *clock) catchUp() {
	now := c.now()
	wall, life := now.Add(c.advanced), time.Duration(c.speed*float64(now.Sub(c.start)))+c.advanced
	scale := max(c.speed, 1)
	for len(c.events) > 0 && c.events[0].due <= life {
		next, _ := heap.Pop(&c.events).(event)
		c.life = max(c.life, next.due)
		c.forward(wall.Add(-time.Duration(float64(life-next.due) / scale)))
		next.act()
	}
	c.life = max(c.life, life)
	c.forward(wall)
}

// forward moves time, never backwards: history would be out of order.
func (c *clock) forward(to time.Time) {
	if to.After(c.time) {
		c.time = to
	}
}

// after runs act when so much of life has passed.
func (c *clock) after(delay time.Duration, act func()) {
	c.sequence++
	heap.Push(&c.events, event{due: c.life + delay, sequence: c.sequence, act: act})
}

type event struct {
	due      time.Duration
	sequence uint64
	act      func()
}

// events is a heap by time, and by order of arrival among equals.
type events []event

func (e events) Len() int { return len(e) }

func (e events) Less(i, j int) bool {
	if e[i].due != e[j].due {
		return e[i].due < e[j].due
	}
	return e[i].sequence < e[j].sequence
}

func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

func (e *events) Push(x any) {
	if added, ok := x.(event); ok {
		*e = append(*e, added)
	}
}

func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	old[len(old)-1] = event{}
	*e = old[:len(old)-1]
	return last
}
