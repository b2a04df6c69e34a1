package export

import "time"

// The statuses of a run.
const (
	statusQueued      = "queued"
	statusRunning     = "running"
	statusSucceeded   = "succeeded"
	statusPartial     = "partial"
	statusFailed      = "failed"
	statusCancelled   = "cancelled"
	statusAuthFailed  = "auth_failed"
	statusNotEntitled = "not_entitled"
)

// The phases of a run.
const (
	phasePrepare = "prepare"
	phasePlan    = "plan"
	phaseWrite   = "write"
	phaseFinish  = "finish"
)

// What starts a run.
const (
	triggerManual = "manual"
	triggerCron   = "cron"
	triggerMissed = "missed"
	triggerRetry  = "retry"
)

// Counts are what a run has done so far.
type Counts struct {
	Read             int   `json:"read"`
	Filtered         int   `json:"filtered"`
	Skipped          int   `json:"skipped"`
	Unmappable       int   `json:"unmappable"`
	Unchanged        int   `json:"unchanged"`
	Create           int   `json:"create"`
	Update           int   `json:"update"`
	Sent             int   `json:"sent"`
	Failed           int   `json:"failed"`
	Pending          int   `json:"pending"`
	DeleteCandidates int   `json:"deleteCandidates"`
	Chunks           int   `json:"chunks"`
	Requests         int   `json:"requests"`
	Bytes            int64 `json:"bytes"`
	WireBytes        int64 `json:"wireBytes"`
}

// progress is what the runner of a run writes down about it each second.
type progress struct {
	Counts       Counts    `json:"counts"`
	Rate         float64   `json:"rate,omitempty"`
	ETA          float64   `json:"eta,omitempty"`
	WaitingUntil time.Time `json:"waitingUntil,omitzero"`
	Warnings     []string  `json:"warnings,omitempty"`
	// Clears is how the destination clears, as far as the run knows.
	Clears int `json:"clears,omitempty"`
	// Stale is how many entities keep what they were told to clear, and StaleKeys what that is.
	Stale     int      `json:"stale,omitempty"`
	StaleKeys []string `json:"staleKeys,omitempty"`
	// Note says what went wrong last while it is tried again.
	Note   string `json:"note,omitempty"`
	Digest string `json:"digest,omitempty"`
}

// runRow is a run as it is stored.
type runRow struct {
	id, cause, by, status, phase, mode, parent string
	dryRun, full, wantDigest, planned, cancel  bool
	refs                                       []byte
	progress                                   progress
	err                                        string
	startedAt, endedAt, retryAt                time.Time
	retryStep                                  int
}

// active tells that the run has not ended.
func (r *runRow) active() bool { return r.status == statusQueued || r.status == statusRunning }

// worrying tells that a run ended in a way that operators should know of.
func worrying(status string) bool {
	switch status {
	case statusPartial, statusFailed, statusAuthFailed, statusNotEntitled:
		return true
	}
	return false
}

// maxWarnings is how many different warnings a run keeps.
const maxWarnings = 50

// request asks for a run.
type request struct {
	trigger, by, parent  string
	dryRun, full, digest bool
	refs                 []string // of a retry
	step                 int      // of the ladder
}
