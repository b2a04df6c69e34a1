// Package trigger asks Spacelift for a run exactly once for each intent, and says what became of it.
//
//	Begin: a row holds the stack (409 for others)     crash here: never sent, so no run
//	read the newest run: the baseline                 nothing is sent if that fails
//	Send: the row says that Spacelift is asked        crash here: look for our run
//	POST, once ──┬─ a run            ─> triggered
//	             ├─ a clear no       ─> refused, or not_created
//	             └─ the answer lost  ─> look for our run ─> triggered, or unknown
//
// Our run is the one that the API key triggered after the baseline and that no other request accounts for. There is no
// better mark: what we send along (spacelift.md 5.7) cannot be read back. Where more than one could be ours, the outcome is
// unknown; it never becomes a guess, and never a second POST.
//
// The row holds the stack until the run leaves QUEUED, or for two minutes. Settle, run again and again as part of a task,
// follows the runs, and looks for those whose answer was lost, by us or by a process that died. It goes on looking for an
// hour when the stack is free again, now and then.
package trigger
