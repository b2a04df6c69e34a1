// Package act moves runs on: it confirms, discards, cancels and stops them, and says what became of it.
//
//	read the run: is it in a state that allows it?   no ─> conflict, or done already by the same person
//	POST, once ──┬─ a state       ─> done
//	             ├─ a clear no    ─> read again: done meanwhile, moved on (conflict), or refused
//	             └─ answer lost   ─> read again, a few times: done, moved on, or unknown
//
// Nothing is sent a second time: Spacelift has no idempotency keys, and whoever asks again after an unknown outcome is
// answered by the state that the run is in then. What was asked here is known by its note, which names the person and the
// request; it is believed only of our own API key. Nothing is stored, so that all replicas answer alike.
package act
