package rely

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// ServeHTTP answers the API and, below /_sim, the inspection and control of export.md 7.4.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/_sim" || strings.HasPrefix(r.URL.Path, "/_sim/") {
		s.serveControl(w, r)
		return
	}
	s.mu.Lock()
	began := s.options.Now()
	s.stats.arrive()
	limit := s.limits.MaxBytes
	s.mu.Unlock()

	req := read(r, limit)
	found, allowed := s.find(r)

	s.mu.Lock()
	req.now = s.options.Now()
	req.fault = s.pickFault(req)
	var act Action
	if req.fault != nil {
		act = req.fault.Action
	}
	serverTime := time.Duration(s.limits.ServerTime)
	s.mu.Unlock()

	overdue := s.delay(r.Context(), act, serverTime)
	var a answer
	switch {
	case overdue:
		a = refuse(http.StatusGatewayTimeout, "overdue", "Gateway Timeout")
	case act.replaces():
		a = act.answer()
	}
	s.mu.Lock()
	req.now = s.options.Now()
	req.sim = s.clock.at(req.now)
	s.settle(req.sim)
	if a.status == 0 {
		a = s.handle(req, found, allowed)
		a = act.adorn(a)
	}
	s.mu.Unlock()

	abort := act.deliver(r.Context(), w, a, s.options.Sleep)

	s.mu.Lock()
	s.record(req, found, a, began, abort)
	s.mu.Unlock()
	if abort {
		// The one way to end a connection without an answer that works with every net/http server.
		panic(http.ErrAbortHandler)
	}
}

// delay is the latency that a fault adds; true means that it is more than the server takes.
func (s *Server) delay(ctx context.Context, act Action, serverTime time.Duration) bool {
	latency := time.Duration(act.Latency)
	if latency <= 0 {
		return false
	}
	if serverTime > 0 && latency >= serverTime {
		s.options.Sleep(ctx, serverTime)
		return true
	}
	s.options.Sleep(ctx, latency)
	return false
}

// handle answers a request as an undisturbed server does.
func (s *Server) handle(r *request, found *route, allowed []string) answer {
	if found == nil {
		return s.violation(r, allowed)
	}
	if refused := s.authenticate(r); refused != nil {
		return *refused
	}
	if refused := s.meter(r); refused != nil {
		return *refused
	}
	if found.writes && s.switches.Plan == "402" {
		return refuse(http.StatusPaymentRequired, "not_entitled", "Your plan does not include this feature. Upgrade to Pro or Enterprise.")
	}
	if found.writes && s.switches.Plan == "403" {
		return refuse(http.StatusForbidden, "not_entitled", "This feature is not available on your plan")
	}
	if r.refused != nil {
		return *r.refused
	}
	return found.handle(r)
}

func (s *Server) violation(r *request, allowed []string) answer {
	s.options.Log.Warn("contract violation", "method", r.Method, "path", r.URL.Path)
	if len(allowed) > 0 {
		return refuse(http.StatusMethodNotAllowed, "violation", "Method Not Allowed").set("Allow", strings.Join(allowed, ", "))
	}
	return refuse(http.StatusNotFound, "violation", "Not Found")
}

// off answers for what a switch turns off: as an unknown path, which is no mistake of the client here.
func off() answer { return refuse(http.StatusNotFound, "off", "Not Found") }

func (s *Server) authenticate(r *request) *answer {
	value := bearer(r.Request)
	token := s.tokens.find(value)
	if r.fault != nil && r.fault.Action.RevokeToken && token != nil {
		s.tokens.revoke(func(t *APIToken) bool { return t == token })
	}
	if token == nil || token.State != TokenActive {
		a := refuse(http.StatusUnauthorized, "unauthorized", "Not authenticated").set("WWW-Authenticate", "Bearer")
		return &a
	}
	r.token = token
	return nil
}

// meter counts the request against its token's rate.
func (s *Server) meter(r *request) *answer {
	if s.limits.RatePerMinute == 0 {
		return nil
	}
	b := s.bucket(r.token.Value)
	wait := b.take(r.now, s.limits)
	if wait == 0 {
		return nil
	}
	a := refuse(http.StatusTooManyRequests, "limited", "Rate limit exceeded").set("Retry-After", b.retryAfter(r.now, wait))
	return &a
}

func (s *Server) bucket(token string) *bucket {
	b := s.buckets[token]
	if b == nil {
		b = &bucket{}
		s.buckets[token] = b
	}
	return b
}
