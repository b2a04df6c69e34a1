// Package schedule runs a plugin's recurring tasks, and serves their REST routes (core.md 9).
//
// A task is global unless its schedule says local. A local task runs in every process, on a timer. A global task runs in
// one of all the processes that share the plugin's database: its row says when it is due next, and who runs it now.
//
//	        due, and no ticket                 returned
//	idle ──────────────────────> running ───────────────────────> idle, next start set
//	 ^        claim (ticket)        │         release (ticket)
//	 │                              │ lease ran out: its holder died, or hangs past the timeout
//	 └──────────────────────────────┘ expire: due again at once
//
// The row has upstream's columns, and upstream's rule for the next start: the last start and the cadence, or now if that
// is past, so that nothing drifts and a restart runs nothing anew. Beside them stands a lease of ours: a claim is good for
// some seconds, and its holder renews it at a third of that. Upstream notices a dead holder only when the run's timeout
// is over, which may be hours; we notice when the lease is.
//
// What holds:
//
//   - All comparisons of times in the store are made by its clock. A cron expression is read in the process's time zone,
//     but from the store's time and never from before the start that was just served, so that clocks that differ do not
//     make a tick happen twice.
//   - Every write for a run names its ticket, so a holder that lost its lease changes nothing. Tasks can check theirs
//     inside their own transactions (Lease.Hold, Lease.HoldPg).
//   - A holder that cannot renew ends its run before others may begin theirs, by its own clock.
//   - One process never runs a task twice at a time, even when a run ignores the end of its context.
//   - A run that the server's stop cuts short is handed back: another process begins it at once, or the next start does.
//   - Run owns every goroutine, and returns when they have ended, or says which runs do not end.
package schedule
