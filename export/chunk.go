package export

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/klauspost/compress/s2"
)

// The states of a chunk. A chunk is written down as planned before anything of it is sent, and its ticket before it is
// asked about. Settled, split and failed are final; dry and skipped chunks only say who is in them.
const (
	statePlanned   = "planned"
	stateSending   = "sending"
	stateSubmitted = "submitted"
	stateSettled   = "settled"
	stateSplit     = "split"
	stateFailed    = "failed"
	stateParked    = "parked"
	stateDry       = "dry"
	stateSkipped   = "skipped"
)

// What a document does at the destination.
const (
	opCreate = "create"
	opUpdate = "update"
)

// element is one document on its way.
type element struct {
	ref, id string
	update  bool
	hash    []byte // of the document, for the ledger
	keys    string // of the document, one a line, for the ledger
	body    []byte // what the payload is made of
}

func (e *element) operation() string {
	if e.update {
		return opUpdate
	}
	return opCreate
}

// chunk is a payload's worth of elements.
type chunk struct {
	seq, stage  int
	state       string
	ticket      string
	bytes       int // of the payload, before compression
	attempts    int
	err         string
	parent      int
	submittedAt int64
	elements    []element
}

var errMangled = errors.New("what was stored of a chunk cannot be read")

// packItems writes who is in a chunk.
func packItems(elements []element) []byte {
	b := binary.AppendUvarint(nil, uint64(len(elements)))
	for i := range elements {
		e := &elements[i]
		b = appendText(appendText(b, e.ref), e.id)
		b = append(b, byte(flag(e.update)))
	}
	return s2.Encode(nil, b)
}

func unpackItems(packed []byte) ([]element, error) {
	r, err := newUnpacker(packed)
	if err != nil {
		return nil, err
	}
	n := r.count()
	elements := make([]element, 0, n)
	for range n {
		elements = append(elements, element{ref: string(r.bytes()), id: string(r.bytes()), update: r.byte() != 0})
	}
	return elements, r.done()
}

// packBody writes what is sent of a chunk, and what the ledger is to hold then.
func packBody(elements []element) []byte {
	size := 0
	for i := range elements {
		size += len(elements[i].body) + len(elements[i].keys) + 48
	}
	b := make([]byte, 0, size)
	for i := range elements {
		e := &elements[i]
		b = appendText(appendText(appendText(b, e.hash), e.keys), e.body)
	}
	return s2.Encode(nil, b)
}

// unpackBody completes elements that unpackItems has read.
func unpackBody(packed []byte, elements []element) error {
	r, err := newUnpacker(packed)
	if err != nil {
		return err
	}
	for i := range elements {
		e := &elements[i]
		e.hash, e.keys, e.body = r.bytes(), string(r.bytes()), r.bytes()
	}
	return r.done()
}

func appendText[T ~string | ~[]byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

type unpacker struct {
	rest []byte
	bad  bool
}

func newUnpacker(packed []byte) (*unpacker, error) {
	b, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMangled, err)
	}
	return &unpacker{rest: b}, nil
}

func (u *unpacker) count() int {
	n, size := binary.Uvarint(u.rest)
	if size <= 0 || n > uint64(len(u.rest)) {
		u.bad, u.rest = true, nil
		return 0
	}
	u.rest = u.rest[size:]
	return int(n)
}

func (u *unpacker) bytes() []byte {
	n := u.count()
	if n > len(u.rest) {
		u.bad, u.rest = true, nil
		return nil
	}
	b := u.rest[:n:n]
	u.rest = u.rest[n:]
	return b
}

func (u *unpacker) byte() byte {
	if len(u.rest) == 0 {
		u.bad = true
		return 0
	}
	b := u.rest[0]
	u.rest = u.rest[1:]
	return b
}

func (u *unpacker) done() error {
	if u.bad || len(u.rest) > 0 {
		return errMangled
	}
	return nil
}

// span returns the first and the last ref in the order of refs.
func span(elements []element) (first, last string) {
	for i := range elements {
		if ref := elements[i].ref; i == 0 || ref < first {
			first = ref
		}
		last = max(last, elements[i].ref)
	}
	return first, last
}

// splitKeys is the reverse of joinKeys.
func splitKeys(keys string) []string {
	if keys == "" {
		return nil
	}
	return strings.Split(keys, "\n")
}

func joinKeys(keys []string) string { return strings.Join(keys, "\n") }

// missing returns the keys of before that now lacks. Both are sorted.
func missing(before string, now []string) []string {
	var gone []string
	i := 0
	for _, key := range splitKeys(before) {
		for i < len(now) && now[i] < key {
			i++
		}
		if i == len(now) || now[i] != key {
			gone = append(gone, key)
		}
	}
	return gone
}
