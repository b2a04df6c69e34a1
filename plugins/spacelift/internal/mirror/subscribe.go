package mirror

// Change tells what readers see differently.
type Change struct {
	// IDs are the stacks that changed; All means that everything may have.
	IDs []string
	All bool
	// Status means that how the sync is doing has changed.
	Status bool
}

// changesKept is how many ids a subscription gathers before it says that everything may have changed.
const changesKept = 200

// Subscription gathers changes for one reader until they are taken.
type Subscription struct {
	m     *Mirror
	ready chan struct{}
	// change is guarded by the mirror's mu.
	change Change
	seen   map[string]bool
}

// Subscribe begins to gather. The caller calls Close.
func (m *Mirror) Subscribe() *Subscription {
	s := &Subscription{m: m, ready: make(chan struct{}, 1), seen: map[string]bool{}}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subscribers[s] = true
	return s
}

// Close ends the gathering.
func (s *Subscription) Close() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	delete(s.m.subscribers, s)
}

// Ready has an element when there is something to take.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// Take returns what was gathered since the last time.
func (s *Subscription) Take() Change {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	c := s.change
	s.change, s.seen = Change{}, map[string]bool{}
	return c
}

// publish wakes who waits, and adds to what subscribers gather.
func (m *Mirror) publish(c Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.changed)
	m.changed = make(chan struct{})
	if len(c.IDs) == 0 && !c.All && !c.Status {
		return
	}
	for s := range m.subscribers {
		s.add(c)
		select {
		case s.ready <- struct{}{}:
		default:
		}
	}
}

func (s *Subscription) add(c Change) {
	s.change.All = s.change.All || c.All
	s.change.Status = s.change.Status || c.Status
	for _, id := range c.IDs {
		if s.change.All {
			break
		}
		if !s.seen[id] {
			s.seen[id] = true
			s.change.IDs = append(s.change.IDs, id)
		}
		s.change.All = len(s.change.IDs) > changesKept
	}
	if s.change.All {
		s.change.IDs = nil
	}
}
