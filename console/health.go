package console

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/host"
)

// healthFresh is how long the plugins' health serves: anyone may ask for the bootstrap, and must not be able to make the
// plugins check themselves over and over.
const healthFresh = 5 * time.Second

// health remembers how the plugins were doing a moment ago.
type health struct {
	system host.System
	log    *slog.Logger
	now    func() time.Time

	// mu guards the fields below, and is held while the plugins are asked, so that they are asked once.
	mu     sync.Mutex
	until  time.Time
	status []host.PluginStatus
	ill    map[string]string // the error of each failing plugin, as last logged
}

func newHealth(system host.System, log *slog.Logger) *health {
	return &health{system: system, log: log, now: time.Now, ill: map[string]string{}}
}

// statuses returns the plugins in the order of their ids. The slice is shared: callers only read it.
func (h *health) statuses(ctx context.Context) []host.PluginStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now().Before(h.until) {
		return h.status
	}
	// The answer is for others too, so it must not be spoilt by this caller's leaving.
	status := h.system.Plugins(context.WithoutCancel(ctx))
	for _, s := range status {
		h.note(s)
	}
	h.status, h.until = status, h.now().Add(healthFresh)
	return status
}

// note logs a plugin's error when it is new, not each time that somebody looks.
func (h *health) note(s host.PluginStatus) {
	if s.Err == nil {
		delete(h.ill, s.ID)
		return
	}
	if text := s.Err.Error(); h.ill[s.ID] != text {
		h.ill[s.ID] = text
		h.log.Warn("plugin cannot serve", "failing", s.ID, "err", s.Err)
	}
}
