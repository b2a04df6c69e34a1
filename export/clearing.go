package export

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Clearer is a Destination that may leave in place what it is told to clear, and can be asked.
type Clearer interface {
	// Clears returns the keys that an element is to clear, such as "properties.tier", in a way that may not work.
	Clears(element []byte) []string
	// Kept returns those of them that the destination still has. An error is a *Failure.
	Kept(ctx context.Context, element []byte) ([]string, error)
	// Replacing joins elements to a payload that takes the place of all that the destination has of them, so that nothing
	// is left of what is to be cleared. False means that this is not wanted.
	Replacing(elements [][]byte) ([]byte, bool)
}

// What is known of how a destination clears.
const (
	clearsUnknown = iota
	clearsGood
	clearsIgnored
)

// cleared sees to it that nothing is left of what the chunk was to clear, as far as the destination can do that (export.md
// 3, field ownership): after the first clear of a run one entity is read back.
func (d *delivery) cleared(ctx context.Context) (*Failure, error) {
	c, ok := d.dest.(Clearer)
	if !ok || d.stage == stageBare || d.replaced {
		return nil, nil
	}
	which, names := d.clearing(c)
	if len(which) == 0 {
		return nil, nil
	}
	state, err := d.readBack(ctx, c, d.elements[which[0]].body)
	if err != nil || state != clearsIgnored {
		return nil, err
	}
	bodies := make([][]byte, len(which))
	for i, at := range which {
		bodies[i] = d.elements[at].body
	}
	payload, wanted := c.Replacing(bodies)
	if !wanted {
		d.stale(len(which), names)
		return nil, nil
	}
	d.replaced = true
	f, err := d.send(ctx, payload)
	if f == nil && err == nil && d.ticket != "" {
		f, err = d.poll(ctx)
	}
	if f != nil {
		d.replaced = false // it begins anew, with all of the chunk
		f.Items = among(f.Items, which)
	}
	return f, err
}

// clearing returns the elements that clear something, and what.
func (d *delivery) clearing(c Clearer) (which []int, names []string) {
	for i := range d.elements {
		if !d.elements[i].update {
			continue
		}
		if keys := c.Clears(d.elements[i].body); len(keys) > 0 {
			which, names = append(which, i), append(names, keys...)
		}
	}
	slices.Sort(names)
	return which, slices.Compact(names)
}

// among translates indexes of a part of the chunk to those of the chunk.
func among(items map[int]string, which []int) map[int]string {
	out := make(map[int]string, len(items))
	for i, text := range items {
		if i >= 0 && i < len(which) {
			out[which[i]] = text
		}
	}
	return out
}

// readBack tells how the destination clears, by asking about an entity that something was cleared of. If it cannot be
// asked, the next chunk tries.
func (d *delivery) readBack(ctx context.Context, c Clearer, body []byte) (int, error) {
	d.mu.Lock()
	state := d.progress.Clears
	d.mu.Unlock()
	if state != clearsUnknown {
		return state, nil
	}
	began := time.Now()
	kept, err := c.Kept(ctx, body)
	d.meter.request(time.Since(began), err)
	d.count(func(c *Counts) { c.Requests++ })
	if err != nil {
		if _, err := asFailure(ctx, err); err != nil {
			return state, err
		}
		return state, d.notePause(ctx)
	}
	state = clearsGood
	if len(kept) > 0 {
		state = clearsIgnored
	}
	d.mu.Lock()
	d.progress.Clears = state
	d.mu.Unlock()
	return state, nil
}

// staleFields is what the warning about them begins with.
const staleFields = "stale_fields: "

// stale warns of entities that keep what they were told to clear. There is one warning in a run, which grows.
func (r *runner) stale(entities int, names []string) {
	const most = 10
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.progress
	p.Stale += entities
	for _, name := range names {
		if at, found := slices.BinarySearch(p.StaleKeys, name); !found && len(p.StaleKeys) <= most {
			p.StaleKeys = slices.Insert(p.StaleKeys, at, name)
		}
	}
	shown := strings.Join(p.StaleKeys[:min(most, len(p.StaleKeys))], ", ")
	if len(p.StaleKeys) > most {
		shown += " and others"
	}
	text := fmt.Sprintf("%sthe destination ignores what is to be cleared: %d entities keep %s; remove that there, or have such entities replaced (clearing: replace)",
		staleFields, p.Stale, shown)
	same := func(w string) bool { return strings.HasPrefix(w, staleFields) }
	if i := slices.IndexFunc(p.Warnings, same); i >= 0 {
		p.Warnings[i] = text
		return
	}
	p.Warnings = append(p.Warnings, text)
}
