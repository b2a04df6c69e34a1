package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// projection cuts stored entities down to the fields that a caller asked for (catalog.md 4.3). What no field can reach
// is skipped in the stored bytes and never parsed, because that is most of them.
type projection struct {
	fields []string
	apply  *entity.Projection
}

// parseFields reads fields parameters, each a list separated by commas; nil leaves entities whole.
func parseFields(lists []string) (*projection, error) {
	p, err := entity.ParseProjection(lists)
	if err != nil {
		return nil, fault.Input("%s", err.Error())
	}
	if p == nil {
		return nil, nil
	}
	fields := distinct(commaLists(lists))
	if err := limitedFields("fields", len(fields)); err != nil {
		return nil, err
	}
	return &projection{fields: fields, apply: p}, nil
}

// append appends the projected entity.
func (p *projection) append(dst []byte, d index.Doc) ([]byte, error) {
	s := scanner{data: d.Body, fields: p.fields}
	o, err := s.object("")
	if err != nil {
		return dst, fmt.Errorf("read entity %s: %w", d.Ref, err)
	}
	return entity.AppendJSON(dst, p.apply.Apply(o)), nil
}

// appendAll appends projected entities as the members of a JSON list.
func (p *projection) appendAll(ctx context.Context, dst []byte, docs []index.Doc) ([]byte, error) {
	var err error
	for i := range docs {
		if ctx.Err() != nil {
			return dst, context.Cause(ctx)
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = p.append(dst, docs[i]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// reach tells whether a field leads to a path, or through it. Keys may hold dots themselves, so paths are compared as
// text: a key is reached in every way in which a field can be read.
func (s *scanner) reach(path string) (to, through bool) {
	for _, f := range s.fields {
		if strings.HasPrefix(f, path) {
			to = to || len(f) == len(path)
			through = through || (len(f) > len(path) && f[len(path)] == '.')
		}
	}
	return to, through
}

// scanner walks over JSON that the ledger has written, which is compact and well formed; what is not is an error, never
// a panic.
type scanner struct {
	data   []byte
	at     int
	fields []string
}

func (s *scanner) fail() error { return fmt.Errorf("malformed JSON at %d", s.at) }

// object reads the members of an object that a field reaches, by paths that begin with prefix. Every other member is
// left out.
func (s *scanner) object(prefix string) (*entity.Object, error) {
	o := entity.NewObject()
	if !s.take('{') {
		return nil, s.fail()
	}
	if s.take('}') {
		return o, nil
	}
	for {
		key, err := s.key()
		if err != nil {
			return nil, err
		}
		if !s.take(':') {
			return nil, s.fail()
		}
		if err := s.member(o, key, prefix+key); err != nil {
			return nil, err
		}
		if s.take('}') {
			return o, nil
		}
		if !s.take(',') {
			return nil, s.fail()
		}
	}
}

// member reads or skips one value. One that is no object is read where a field leads through it, because it is there
// and hides what a longer key may hold.
func (s *scanner) member(o *entity.Object, key, path string) error {
	to, through := s.reach(path)
	s.space()
	if through && !to && s.at < len(s.data) && s.data[s.at] == '{' {
		inner, err := s.object(path + ".")
		if err != nil {
			return err
		}
		o.Set(key, inner)
		return nil
	}
	start := s.at
	if err := s.skip(); err != nil {
		return err
	}
	if !to && !through {
		return nil
	}
	v, err := entity.ParseJSON(s.data[start:s.at])
	if err != nil {
		return err
	}
	o.Set(key, v)
	return nil
}

func (s *scanner) key() (string, error) {
	s.space()
	start := s.at
	if err := s.text(); err != nil {
		return "", err
	}
	raw := s.data[start:s.at]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	v, err := entity.ParseJSON(raw)
	if err != nil {
		return "", err
	}
	return v.(string), nil
}

// text skips a string.
func (s *scanner) text() error {
	if !s.take('"') {
		return s.fail()
	}
	for {
		end := bytes.IndexByte(s.data[s.at:], '"')
		if end < 0 {
			return s.fail()
		}
		s.at += end + 1
		// A quote behind an odd number of backslashes is a part of the string.
		slashes := 0
		for i := s.at - 2; s.data[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 0 {
			return nil
		}
	}
}

// skip skips any value.
func (s *scanner) skip() error {
	depth := 0
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '"':
			if err := s.text(); err != nil {
				return err
			}
		case '{', '[':
			depth++
			s.at++
			continue
		case '}', ']':
			if depth == 0 {
				return nil // the end of what the value is in
			}
			depth--
			s.at++
		case ',':
			if depth == 0 {
				return nil
			}
			s.at++
			continue
		default:
			s.at++
			continue
		}
		if depth == 0 {
			return nil
		}
	}
	return s.fail()
}

func (s *scanner) space() {
	for s.at < len(s.data) && (s.data[s.at] == ' ' || s.data[s.at] == '\n' || s.data[s.at] == '\t' || s.data[s.at] == '\r') {
		s.at++
	}
}

func (s *scanner) take(c byte) bool {
	s.space()
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}
