package export

import (
	"context"
	"time"
)

// Outcome is how a run ended, for those who look at the whole rather than at runs.
type Outcome struct {
	// Status is the run's, such as "succeeded" or "partial"; Error says why, where it did not go well.
	Status, Error string
	// Worrying tells that operators should know of it.
	Worrying bool
	// EndedAt is when it ended.
	EndedAt time.Time
	// Counts are what came of its entities.
	Counts Counts
}

// LastRun returns how the run that ended last did; false when none has ended yet.
func (e *Engine) LastRun(ctx context.Context) (Outcome, bool, error) {
	s, err := e.open(ctx)
	if err != nil {
		return Outcome{}, false, err
	}
	row, found, err := s.lastEnded(ctx)
	if err != nil || !found {
		return Outcome{}, false, err
	}
	return Outcome{
		Status: row.status, Error: row.err, Worrying: worrying(row.status), EndedAt: row.endedAt, Counts: row.progress.Counts,
	}, true, nil
}
