package tail

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// Kind tells what an Event is about.
type Kind string

// The kinds of events, as openapi.yaml explains them.
const (
	Phase   Kind = "phase"
	Log     Kind = "log"
	Expired Kind = "expired"
	Skipped Kind = "skipped"
	Trouble Kind = "trouble"
	Done    Kind = "done"
)

// Event is what a viewer is told.
type Event struct {
	Kind Kind
	// At is where the viewer stands after the event.
	At Position
	// Phase is the one that the event is about, and zero for Trouble.
	Phase client.Transition
	// Messages are those of Log. They must not be changed.
	Messages []client.LogMessage
	// Err is that of Trouble. Final tells that nobody tries again.
	Err   *client.Error
	Final bool
}

// Position is a place in the log of a run. The zero value is the beginning.
type Position struct {
	// Version is that of the phase, whose beginning was told; Messages is how many of its messages were.
	Version, Messages int
}

// String is the token of the position; empty for the beginning.
func (p Position) String() string {
	if p.Version == 0 {
		return ""
	}
	return strconv.Itoa(p.Version) + "." + strconv.Itoa(p.Messages)
}

// ParsePosition reads a token.
func ParsePosition(token string) (Position, error) {
	if token == "" {
		return Position{}, nil
	}
	version, messages, _ := strings.Cut(token, ".")
	v, errV := strconv.ParseUint(version, 10, 31)
	m, errM := strconv.ParseUint(messages, 10, 31)
	if errV != nil || errM != nil || v == 0 {
		return Position{}, fmt.Errorf("the token %.40q is none that was given out here", token)
	}
	return Position{Version: int(v), Messages: int(m)}, nil //nolint:gosec // both have 31 bits
}
