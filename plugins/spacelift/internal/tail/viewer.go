package tail

import (
	"context"
	"sync"
)

// Viewer is one who follows a run. Next is called by one at a time.
type Viewer struct {
	tails *Tails
	tail  *tail
	who   string
	at    Position
	// said is how many failures the viewer was told of, expired the last phase whose log it was told to be deleted.
	said, expired int
	over          bool
	left          sync.Once
}

// Leave ends the following.
func (v *Viewer) Leave() { v.left.Do(func() { v.tails.leave(v.who, v.tail) }) }

// Next waits for the next event. False means that there are no more, or that ctx has ended.
func (v *Viewer) Next(ctx context.Context) (Event, bool) {
	for {
		v.tail.mu.Lock()
		e, ok := v.next()
		changed := v.tail.changed
		v.tail.mu.Unlock()
		if ok || v.over {
			return e, ok
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Event{}, false
		}
	}
}

// next is what is there to tell. The caller holds the tail's mu.
func (v *Viewer) next() (Event, bool) {
	t := v.tail
	if v.over {
		return Event{}, false
	}
	for _, p := range t.phases {
		if p.Version < v.at.Version {
			continue
		}
		if p.Version > v.at.Version {
			v.at = Position{Version: p.Version}
			return Event{Kind: Phase, At: v.at, Phase: p.Transition}, true
		}
		if e, ok := v.inside(p); ok {
			return e, true
		}
		if !p.done {
			return v.troubled()
		}
	}
	if t.over {
		v.over = true
		e := Event{Kind: Done, At: v.at}
		if n := len(t.phases); n > 0 {
			e.Phase = t.phases[n-1].Transition
		}
		return e, true
	}
	return v.troubled()
}

// inside is what there is to tell of the phase that the viewer is in.
func (v *Viewer) inside(p *phase) (Event, bool) {
	if kept := p.kept(); v.at.Messages < kept {
		v.at.Messages = kept
		return Event{Kind: Skipped, At: v.at, Phase: p.Transition}, true
	}
	if messages := p.from(v.at.Messages); len(messages) > 0 {
		v.at.Messages += len(messages)
		return Event{Kind: Log, At: v.at, Phase: p.Transition, Messages: messages}, true
	}
	if p.expired && v.expired != p.Version {
		v.expired = p.Version
		return Event{Kind: Expired, At: v.at, Phase: p.Transition}, true
	}
	return Event{}, false
}

// troubled tells once that Spacelift cannot be read.
func (v *Viewer) troubled() (Event, bool) {
	t := v.tail
	v.over = t.final
	if t.failure == nil || v.said == t.trouble && !t.final {
		return Event{}, false
	}
	v.said = t.trouble
	return Event{Kind: Trouble, At: v.at, Err: t.failure, Final: t.final}, true
}
