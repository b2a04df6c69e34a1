package export

import (
	"context"
	"fmt"
	"time"

	"github.com/understudy-portal/understudy/entity"
)

// Document is what one entity becomes at a destination.
type Document struct {
	// EntityRef is the entity's canonical ref.
	EntityRef string
	// ID is the document's id at the destination.
	ID string
	// Stage orders writing: all documents of a lower stage are sent before those of a higher one.
	Stage int
	// Body is the document as canonical JSON: keys sorted, no white space, without null properties and empty relations.
	// Its SHA-256 tells whether it has changed.
	Body []byte
	// Keys are those of the properties and relations in Body, sorted, such as "properties.tags" and "relations.system".
	Keys []string
	// Warnings tell what was left out, for people.
	Warnings []string
}

// Mapper turns entities into documents. It may be called concurrently.
type Mapper interface {
	// Map returns the document of an entity, ErrSkipped if the mapping leaves it out, or a *MapError. It does not keep or
	// change the entity.
	Map(ctx context.Context, e entity.Entity) (Document, error)
	// Fingerprint changes when the mapping does, such as with another configuration or another release.
	Fingerprint() string
}

// MapError is an entity that cannot be mapped. It quarantines that entity, not the run (export.md 4).
type MapError struct {
	// Code is "unmappable_id" or "mapping".
	Code string
	// Message says what is wrong with the entity, and where.
	Message string
}

// Error returns the message.
func (e *MapError) Error() string { return e.Message }

// Destination is a system that documents are sent to. Its methods may be called concurrently. All calls out have
// deadlines and bounded bodies, and wait for their turn in its Pacer; none is repeated by the destination itself: the
// engine repeats what may be repeated.
type Destination interface {
	Mapper
	// Target is the address that is written to, for people.
	Target() string
	// Prepare finds out how the destination can be written to, without writing; then, unless dryRun, makes what documents
	// need to be there, such as blueprints. What it found out is returned, stored, and passed to the next Prepare as
	// known. An error is a *Failure.
	Prepare(ctx context.Context, known string, dryRun bool) (Prepared, error)
	// Element is a document's part of a payload, which also clears the keys that were sent earlier and that the document
	// lacks.
	Element(doc Document, gone []string) []byte
	// Shrink leaves out of a document what is large and can be spared. False means that nothing can.
	Shrink(doc Document) (Document, bool)
	// Payload joins elements to a request body. Its length is the elements' plus Overhead, plus one byte an element at most.
	Payload(elements [][]byte) []byte
	// Overhead is the length of a payload without elements.
	Overhead() int
	// Submit hands a payload over. It is settled if Ticket is empty, and else once Poll says so. An error is a *Failure.
	Submit(ctx context.Context, payload []byte) (Submitted, error)
	// Poll asks how a payload fares that Submit returned a ticket for. An error is a *Failure; of kind Gone, the payload
	// is submitted again.
	Poll(ctx context.Context, ticket string) (done bool, err error)
	// Limits are those that the configuration sets.
	Limits() Limits
	// WaitingUntil is until when the destination asked us to wait; zero when it did not.
	WaitingUntil() time.Time
}

// Barer is a Destination that may refuse a document because of what it refers to, such as a group whose members are not
// there yet. Documents of a refused payload are then sent twice after all others: first bare, then whole, so that they can
// refer to one another.
type Barer interface {
	// Bare leaves out of a document what refers to others, if the words of the refusal say that this is the reason. False
	// means that leaving it out would not help.
	Bare(doc Document, refusal string) (Document, bool)
}

// Holder is a Destination that can be told of a wait that it was asked for by an answer to another process.
type Holder interface {
	// Hold lets no request be made before until.
	Hold(until time.Time)
}

// Prepared is what Prepare found out.
type Prepared struct {
	// Mode names how the destination is written to, such as "tasks" or "bulk".
	Mode string
	// Known is passed to the next Prepare.
	Known string
	// Warnings are for people.
	Warnings []string
	// Requests is how many were made, even where there is an error.
	Requests int
}

// Submitted is what became of a payload.
type Submitted struct {
	// Ticket is what to Poll with. Empty means that the payload is settled.
	Ticket string
	// WireBytes is the length of the body as it was sent, after compression.
	WireBytes int
}

// Limits bound what is sent.
type Limits struct {
	// MaxEntities is how many a payload may hold.
	MaxEntities int
	// MaxBytes is how long a payload may be before compression.
	MaxBytes int
	// Concurrency is how many payloads may be under way at once.
	Concurrency int
	// RatePerMinute is how many requests may be made; zero means any number.
	RatePerMinute int
	// PollEvery is the time between two polls of one ticket.
	PollEvery time.Duration
	// PollTimeout is how long a ticket may take to settle. Its chunk is then parked, and the run is partial.
	PollTimeout time.Duration
}

// FailureKind is what a failure means for the run (export.md 2.5).
type FailureKind int

// The kinds of failure.
const (
	// Transient is worth another try after a while: network, 408, 425, 5xx.
	Transient FailureKind = iota + 1
	// RateLimited is worth another try after RetryAfter, and uses up no try.
	RateLimited
	// TooLarge is a payload of too many bytes.
	TooLarge
	// Invalid is a payload with elements that are refused: those of Items, or, where it is empty, unknown ones.
	Invalid
	// AuthFailed is a key that is not accepted. The run ends at once.
	AuthFailed
	// NotEntitled is an account whose plan lacks what is asked for. The run ends at once.
	NotEntitled
	// Gone is a ticket that the destination has forgotten.
	Gone
	// Misconfigured is an answer that no waiting mends, such as a web page. The run ends at once.
	Misconfigured
)

// Failure is why a call to a destination did not succeed. Its text holds no secret.
type Failure struct {
	Kind FailureKind
	// Status is that of the HTTP answer, or 0.
	Status int
	// Message is for people: the destination's words, and what to do where that is known.
	Message string
	// RetryAfter is when the destination wants to be asked again, at the earliest; zero if it does not say.
	RetryAfter time.Duration
	// Items are the indexes of refused elements, each with the destination's words.
	Items map[int]string
	// Err is the cause, or nil.
	Err error
}

// Error returns the message with the status.
func (f *Failure) Error() string {
	if f.Status == 0 {
		return f.Message
	}
	return fmt.Sprintf("%s (HTTP %d)", f.Message, f.Status)
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }
