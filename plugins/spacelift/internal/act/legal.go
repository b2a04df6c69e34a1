package act

import (
	"slices"

	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
)

// In are the actions that a state allows (spacelift.md 5.7). Spacelift itself decides when it is asked.
func In(state string) []client.Action {
	switch state {
	case "UNCONFIRMED":
		return []client.Action{client.Confirm, client.Discard}
	case "PENDING_REVIEW":
		return []client.Action{client.Discard}
	case "QUEUED", "READY", "PENDING":
		return []client.Action{client.Cancel}
	case "PREPARING", "INITIALIZING", "PLANNING":
		return []client.Action{client.Stop}
	default:
		return nil
	}
}

// end is the state that an action brings a run into.
func end(a client.Action) string {
	switch a {
	case client.Confirm:
		return "CONFIRMED"
	case client.Discard:
		return "DISCARDED"
	case client.Cancel:
		return "CANCELED"
	default:
		return "STOPPED"
	}
}

// KeyMay tells whether our key is likely to be allowed to do this: one that may only read may still cancel and stop what
// blocks nothing (spacelift.md 5.7).
func KeyMay(a client.Action, d client.RunDetail, canWrite bool) bool {
	switch a {
	case client.Confirm:
		return canWrite && d.CanConfirm
	case client.Cancel, client.Stop:
		return canWrite || d.Type == "PROPOSED"
	default:
		return canWrite
	}
}

// waitsForApproval tells that a confirmation would be refused until somebody approves.
func waitsForApproval(a client.Action, d client.RunDetail) bool {
	return a == client.Confirm && d.NeedsApproval
}

// Ready are the actions of In without those that wait for an approval.
func Ready(d client.RunDetail) []client.Action {
	return slices.DeleteFunc(In(d.State), func(a client.Action) bool { return waitsForApproval(a, d) })
}
