package router

import (
	"context"
	"net/http"
	"time"
)

const (
	livenessPath  = "/.backstage/health/v1/liveness"
	readinessPath = "/.backstage/health/v1/readiness"
)

// A bridge in a Node backend (integrations/backstage/backend) and this server tell each other their versions on the
// probes; nobody else is told.
const (
	bridgeHeader  = "Understudy-Bridge"
	versionHeader = "Understudy-Version"
)

// healthTimeout bounds how long the plugins may think about their health.
const healthTimeout = 2 * time.Second

// healthBody is upstream's, with our detail when a plugin cannot serve.
type healthBody struct {
	Message string            `json:"message,omitempty"`
	Status  string            `json:"status"`
	Plugins map[string]string `json:"plugins,omitempty"`
}

// health answers the probes (core.md 2.5); false leaves the request to the next.
func (rt *Router) health(w http.ResponseWriter, r *http.Request, path string) bool {
	if len(path) < len(livenessPath) || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	status, body := http.StatusOK, healthBody{Status: "ok"}
	switch {
	case equalFoldASCII(livenessPath, path):
	case equalFoldASCII(readinessPath, path):
		status, body = rt.readiness(r.Context())
	default:
		return false
	}
	for i := range rt.healthHeaders {
		w.Header()[rt.healthHeaders[i].name] = rt.healthHeaders[i].value
	}
	if bridge := r.Header.Get(bridgeHeader); bridge != "" {
		w.Header().Set(versionHeader, rt.opts.Version)
		rt.meet(r.Context(), bridge)
	}
	if err := WriteJSON(w, r, status, body); err != nil {
		WriteError(w, r, err)
	}
	return true
}

// meet logs the version of a bridge when it is another than the last one's. Anybody can send the header, so the text is
// bounded, and the same one again is not a line.
func (rt *Router) meet(ctx context.Context, bridge string) {
	bridge = bridge[:min(len(bridge), 32)]
	if last := rt.bridge.Swap(&bridge); last == nil || *last != bridge {
		rt.opts.Log.InfoContext(ctx, "a bridge in a Node backend is there", "bridge", bridge, "version", rt.opts.Version)
	}
}

func (rt *Router) readiness(ctx context.Context) (int, healthBody) {
	switch {
	case rt.life.draining.Load():
		return http.StatusServiceUnavailable, healthBody{Message: "Backend is shutting down", Status: "error"}
	case !rt.life.ready.Load():
		return http.StatusServiceUnavailable, healthBody{Message: "Backend has not started yet", Status: "error"}
	case rt.opts.Health == nil:
		return http.StatusOK, healthBody{Status: "ok"}
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	// Probes are not authenticated, so they learn which plugin is ill, and the log why.
	ill := map[string]string{}
	for plugin, err := range rt.opts.Health(ctx) {
		if err != nil {
			ill[plugin] = "error"
			rt.opts.Log.WarnContext(ctx, "plugin is not healthy", "plugin", plugin, "err", err)
		}
	}
	if len(ill) > 0 {
		return http.StatusServiceUnavailable, healthBody{Message: "Some plugins are not healthy", Status: "error", Plugins: ill}
	}
	return http.StatusOK, healthBody{Status: "ok"}
}
