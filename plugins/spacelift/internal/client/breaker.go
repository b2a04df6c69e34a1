package client

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// breaker keeps us from asking an account that is down. Outages open it; refusals, however many, do not. After a while one
// request goes out as a probe, and decides.
type breaker struct {
	circuit circuitbreaker.CircuitBreaker[any]
}

func newBreaker(o Options) *breaker {
	return &breaker{circuit: circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(o.BreakerFailures).WithSuccessThreshold(1).WithDelay(o.BreakerDelay).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
			o.Log.LogAttrs(e.Context(), slog.LevelWarn, "spacelift circuit breaker changed",
				slog.String("from", e.OldState.String()), slog.String("to", e.NewState.String()))
		}).Build()}
}

// closedTo fails at once while the breaker is open, so that nobody waits a turn for nothing.
func (b *breaker) closedTo() *Error {
	if left := b.circuit.RemainingDelay(); b.circuit.IsOpen() && left > 0 {
		return resting(left)
	}
	return nil
}

// enter asks for leave to send one request. Whoever has it says how it went.
func (b *breaker) enter() *Error {
	if b.circuit.TryAcquirePermit() {
		return nil
	}
	return resting(b.circuit.RemainingDelay())
}

func (b *breaker) record(err *Error) {
	switch {
	case err == nil || err.why != outage && err.why != canceled:
		b.circuit.RecordSuccess()
	case err.why == outage:
		b.circuit.RecordFailure()
	case b.circuit.IsHalfOpen():
		// The probe's caller has gone, so nothing is known; without a record the breaker would wait for it forever.
		b.circuit.RecordFailure()
	}
}

func resting(left time.Duration) *Error {
	return &Error{
		Code: CodeUnavailable, Status: http.StatusBadGateway, RetryAfter: max(left.Round(time.Second), time.Second),
		Message: "Spacelift has failed several times in a row, and is left alone for some seconds",
	}
}
